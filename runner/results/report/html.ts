/** Markup that goes into a report as it is: what `html` has made, or a constant of ours. */
export class Html {
  constructor(readonly markup: string) {}
}

/** What a template takes: text is escaped, markup is not; nothing comes of `undefined`, `null` and `false`. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes markup of a template. Whatever is put in is text, also in an attribute as long as its quotes are there. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.map((part, index) => part + markupOf(contents[index])).join(""));
}

function markupOf(content: Content): string {
  if (content instanceof Html) return content.markup;
  if (Array.isArray(content)) return content.map(markupOf).join("");
  if (content === undefined || content === null || content === false) return "";
  return String(content).replace(/[&<>"']/g, (char) => entities[char] ?? "");
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element or begin a comment. */
export function embeddedJson(value: unknown): Html {
  const escaped = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new Html(escaped);
}
