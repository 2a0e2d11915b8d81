/**
 * Splits at blanks; single and double quotes enclose blanks, a backslash takes the next character as it is (not inside
 * single quotes), and a backslash before a line end joins the lines. One pass, never throws.
 */
export function shellWords(text) {
    const words = [];
    let word;
    let quote = "";
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (c === "\\" && quote !== "'") {
            const next = text[++i];
            if (next === undefined)
                return { words: word === undefined ? words : [...words, word], closed: false };
            if (next !== "\n")
                word = (word ?? "") + next;
        }
        else if (quote !== "") {
            if (c === quote)
                quote = "";
            else
                word = (word ?? "") + c;
        }
        else if (c === '"' || c === "'") {
            quote = c;
            word ??= "";
        }
        else if (c === " " || c === "\t" || c === "\n") {
            if (word !== undefined)
                words.push(word);
            word = undefined;
        }
        else
            word = (word ?? "") + c;
    }
    return { words: word === undefined ? words : [...words, word], closed: quote === "" };
}
