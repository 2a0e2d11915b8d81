/** 32-bit words of a 4 KiB frame: entry i is words[2i] (low half) and words[2i + 1] (high half). */
export const WORDS = 1024;
