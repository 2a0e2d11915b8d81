/** "No machine frame": what removing installs. */
export const NONE = -1;
