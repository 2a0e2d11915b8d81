/** The schema of what `explore --json` prints. */
import { documentOf, text } from "./words.mjs";

export const exploreSchema = () =>
  documentOf("explore", "Where the explorer is served, for as long as the command runs.", {
    url: text("The link to open, on loopback; it holds the token without which nothing is handed out.", {
      pattern: "^http://127\\.0\\.0\\.1:[0-9]{1,5}/[A-Za-z0-9_-]{32}/$",
    }),
  });
