interface Props<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, title: string])[];
  readonly onChoose: (value: T) => void;
}

/** One of a few, as buttons side by side; to the keyboard and to a screen reader a group of radio buttons. */
export function Choice<T extends string>({ label, value, options, onChoose }: Props<T>) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {options.map(([each, title]) => (
        <label key={each} class={each === value ? "chosen" : ""}>
          <input type="radio" name={label} checked={each === value} onChange={() => onChoose(each)} />
          {title}
        </label>
      ))}
    </fieldset>
  );
}
