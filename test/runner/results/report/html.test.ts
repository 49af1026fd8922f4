import { expect } from "chai";
import fc from "fast-check";
import { embeddedJson, html } from "../../../../runner/results/report/html";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[<>&"'a/!\-\u2028]{0,12}$/),
  fc.constantFrom("</script>", "<!--", "&lt;", "<img src=x onerror=alert(1)>"),
);

/** What a browser makes of it. */
function decoded(markup: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return markup.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? "");
}

describe("html", () => {
  it("makes text of whatever is put in, between tags and in attributes", () => {
    fc.assert(
      fc.property(text, text, (title, content) => {
        const { markup } = html`<p title="${title}">${content}</p>`;
        const [, attribute = "", body = ""] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(markup) ?? [];
        expect([decoded(attribute), decoded(body)]).to.deep.equal([title, content]);
      }),
    );
  });

  it("takes markup, lists and nothing", () => {
    const items = ["a<b", html`<b>c</b>`].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}${false}${undefined}${null}${0}</ul>`.markup).to.equal(
      "<ul><li>a&lt;b</li><li><b>c</b></li>0</ul>",
    );
  });
});

describe("embeddedJson", () => {
  it("is the same value, and cannot end its element or begin a comment", () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.array(text)), (value) => {
        const { markup } = embeddedJson(value);
        expect(markup).to.not.match(/[<>&\u2028\u2029]/);
        expect(JSON.stringify(JSON.parse(markup))).to.equal(JSON.stringify(value));
      }),
    );
  });
});
