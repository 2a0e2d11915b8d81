/**
 * What the readers of users' inputs yield. Each reader returns what it understood, where it stood, and notes on what
 * looked relevant and was not understood; none of them throws on foreign text (host-inputs.md, general rules).
 */
export {};
