/** Memory images as frame readers, whatever container they come in, and snapshots. */
export { type Chunk, combineImages, type MemoryImage, withoutBits } from "./image.ts";
export { CONTAINERS, type ContainerName, detectContainer, type OpenOptions, openImage } from "./open.ts";
export type { RawOptions } from "./raw.ts";
export { snapshotImage } from "./snapshot-image.ts";
export { type ByteSource, bytesSource, ImageError } from "./source.ts";
