/** The few shapes that the schemas are made of. Every one takes the description that its property will carry. */

export const text = (description, more = {}) => ({ description, type: "string", ...more });
export const flag = (description) => ({ description, type: "boolean" });
export const constant = (description, value) => ({ description, const: value });
export const oneOf = (description, values) => ({ description, enum: [...values] });
/** A whole number from 0 on that a double holds exactly. */
export const count = (description, more = {}) => ({
  description,
  type: "integer",
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  ...more,
});
export const integer = (description, more = {}) => ({ description, type: "integer", ...more });
export const number = (description, more = {}) => ({ description, type: "number", ...more });
/** A frame number or byte address: no leading zeros are promised, no upper case occurs. */
export const hex = (description) => text(description, { pattern: "^0x[0-9a-f]{1,16}$" });
/** One raw 64-bit entry. */
export const raw = (description) => text(description, { pattern: "^0x[0-9a-f]{16}$" });
export const code = (description) => text(description, { pattern: "^[a-z0-9]+(-[a-z0-9]+)*$" });
export const bdf = (description) => text(description, { pattern: "^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]$" });

export const list = (description, items, more = {}) => ({ description, type: "array", items, ...more });
export const tuple = (description, ...items) => ({
  description,
  type: "array",
  prefixItems: items,
  minItems: items.length,
  maxItems: items.length,
  items: false,
});

/** An object that has all of `required`, may have `optional`, and nothing else. */
export const object = (description, required, optional = {}) => ({
  description,
  type: "object",
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

/** A shape, or null. */
export const orNull = (shape) =>
  typeof shape.type === "string" && shape.enum === undefined
    ? { ...shape, type: [shape.type, "null"] }
    : { description: shape.description, anyOf: [shape, { type: "null" }] };

/** A shape of `$defs`, with a description of its own. */
export const ref = (description, name) => ({ description, $ref: `#/$defs/${name}` });

export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** A whole schema: dialect, name, and the two properties that every document starts with. */
export function documentOf(kind, description, required, { optional = {}, defs = {} } = {}) {
  const head = {
    physmap: constant("Version of the document's schema.", 1),
    kind: constant("What the document is.", kind),
  };
  const body = object(description, { ...head, ...required }, optional);
  return {
    $schema: DIALECT,
    $id: `urn:physmap:1:${kind}`,
    title: `Physmap ${kind} document`,
    ...body,
    ...(Object.keys(defs).length > 0 ? { $defs: defs } : {}),
  };
}
