import { expect } from "chai";
import fc from "fast-check";
import { clusterNameRule, nameInStack, repositoryNameRule } from "../../components/names";

/** What Pulumi takes as a stack's name. */
const stacks = fc.stringMatching(/^[A-Za-z0-9._-]{1,100}$/);

describe("names in a stack", () => {
  it("are the name and the stack's, where AWS takes that", () => {
    expect(nameInStack("load-test", "dev", clusterNameRule)).to.equal("load-test-dev");
    expect(nameInStack("locust", "dev", repositoryNameRule)).to.equal("locust-dev");
  });

  it("are cut, and have a hash, where it does not", () => {
    expect(nameInStack("load-test", "feature.1", clusterNameRule)).to.match(/^load-test-feature-1-[0-9a-f]{8}$/);
    expect(nameInStack("load-test", "x".repeat(100), clusterNameRule)).to.match(/^load-test-x{81}-[0-9a-f]{8}$/);
    expect(nameInStack("locust", "Dev", repositoryNameRule)).to.match(/^locust-dev-[0-9a-f]{8}$/);
  });

  for (const [what, rule] of Object.entries({ cluster: clusterNameRule, repository: repositoryNameRule })) {
    it(`are such that AWS takes them for a ${what}`, () => {
      fc.assert(fc.property(stacks, (stack) => rule.pattern.test(nameInStack("load-test", stack, rule))));
    });

    it(`are different for different stacks' ${what}`, () => {
      // Also where one stack has the name that another's was made into.
      const similar = fc
        .tuple(stacks, fc.constantFrom(".", "-", "_", "A", "a"))
        .chain(([stack, last]) => {
          const one = `${stack}${last}`.slice(-100);
          const made = nameInStack("load-test", one, rule).replace("load-test-", "");
          const others = [made, one.toLowerCase(), one.replaceAll(".", "-"), one.slice(0, -1), `${one}.`];
          return fc.tuple(fc.constant(one), fc.constantFrom(...others));
        })
        .filter(([one, other]) => one !== other);
      fc.assert(
        fc.property(similar, ([one, other]) => {
          expect(nameInStack("load-test", one, rule)).to.not.equal(nameInStack("load-test", other, rule));
        }),
      );
    });
  }
});
