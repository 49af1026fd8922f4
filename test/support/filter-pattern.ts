/**
 * CloudWatch's filter patterns for log events in JSON, by "Filter pattern syntax" of the CloudWatch Logs user guide, for the
 * part that is needed here: conditions on strings and numbers with `*`, IS NULL, IS TRUE, IS FALSE and NOT EXISTS, joined
 * by && and || with parentheses. No regular expressions.
 */

/** A condition, or conditions that are joined. */
type Expression =
  | { readonly all: readonly Expression[] }
  | { readonly any: readonly Expression[] }
  | { readonly selector: string; readonly operator: string; readonly value: string };

const token =
  /\s*(&&|\|\||[()]|\$(?:\.[\w-]+|\[\d+\])+|IS\s+(?:NULL|TRUE|FALSE)|NOT\s+EXISTS|!=|>=|<=|=|>|<|"[^"]*"|[^\s()&|]+)/y;

/** Whether an event matches; what is no JSON object never does. @throws Error where the pattern is none of the part above */
export function matches(pattern: string, event: string): boolean {
  const [, inside] = /^\s*\{(.*)\}\s*$/s.exec(pattern) ?? [];
  if (inside === undefined) throw new Error(`${pattern} is no pattern for JSON`);
  const expression = parse(inside);
  const object = objectOf(event);
  return object !== undefined && holds(expression, object);
}

/** What a metric filter publishes for an event; undefined where nothing is published. */
export function published(
  { pattern, value }: { readonly pattern: string; readonly value: string },
  event: string,
): number | undefined {
  if (!matches(pattern, event)) return undefined;
  const found = value.startsWith("$") ? select(objectOf(event), value) : Number(value);
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

function objectOf(event: string): object | undefined {
  try {
    const value: unknown = JSON.parse(event);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function tokensOf(text: string): string[] {
  const found: string[] = [];
  token.lastIndex = 0;
  while (text.slice(token.lastIndex).trim() !== "") {
    const at = token.lastIndex;
    const [, one] = token.exec(text) ?? [];
    if (one === undefined) throw new Error(`nothing is known of ${text.slice(at)}`);
    found.push(one);
  }
  return found;
}

/** && binds more than ||. */
function parse(text: string): Expression {
  const tokens = tokensOf(text);
  const next = () => {
    const one = tokens.shift();
    if (one === undefined) throw new Error(`${text} ends too early`);
    return one;
  };
  const joined = (by: string, part: () => Expression): Expression[] => {
    const parts = [part()];
    while (tokens[0] === by) {
      tokens.shift();
      parts.push(part());
    }
    return parts;
  };
  const either = (): Expression => ({ any: joined("||", both) });
  const both = (): Expression => ({ all: joined("&&", condition) });
  const condition = (): Expression => {
    const first = next();
    if (first === "(") {
      const inner = either();
      if (next() !== ")") throw new Error(`${text} lacks a )`);
      return inner;
    }
    if (!first.startsWith("$")) throw new Error(`${first} is no property of an event`);
    const operator = next().replace(/\s+/g, " ");
    const value = /^(IS|NOT) /.test(operator) ? "" : next();
    return { selector: first, operator, value };
  };
  const expression = either();
  if (tokens.length > 0) throw new Error(`${text} has too much: ${tokens.join(" ")}`);
  return expression;
}

function holds(expression: Expression, object: object): boolean {
  if ("any" in expression) return expression.any.some((one) => holds(one, object));
  if ("all" in expression) return expression.all.every((one) => holds(one, object));
  const { selector, operator, value } = expression;
  const found = select(object, selector);
  if (operator === "NOT EXISTS") return found === undefined;
  if (operator.startsWith("IS ")) return found === { NULL: null, TRUE: true, FALSE: false }[operator.slice(3)];
  // A property that is missing, or is an object or a list itself, matches nothing.
  if (typeof found !== "string" && typeof found !== "number") return false;
  if (operator === "=" || operator === "!=") return isEqual(found, value) === (operator === "=");
  const [a, b] = [Number(found), Number(value)];
  return { ">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b }[operator] ?? false;
}

function isEqual(found: string | number, value: string): boolean {
  const text = value.replace(/^"(.*)"$/s, "$1");
  if (typeof found === "number" && !text.includes("*")) return !value.startsWith('"') && found === Number(text);
  const wanted = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${wanted.join(".*")}$`, "s").test(String(found));
}

function select(object: unknown, selector: string): unknown {
  const steps = [...selector.matchAll(/\.([\w-]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  return steps.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null) return undefined;
    return Object.hasOwn(value, step) ? (value as Record<string | number, unknown>)[step] : undefined;
  }, object);
}
