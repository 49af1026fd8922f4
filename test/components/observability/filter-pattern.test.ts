import { expect } from "chai";
import { matches, published } from "../../support/filter-pattern";

/** After the examples of the CloudWatch Logs user guide: an event, a pattern, and whether it matches. */
const documented: readonly (readonly [object, string, boolean])[] = [
  ...(
    [
      ['{ $.eventType = "UpdateTrail" }', true],
      ["{ $.sourceIPAddress != 123.123.* }", true],
      ["{ $.sourceIPAddress = 111.111.* }", true],
      ['{ $.arrayKey[0] = "value" }', true],
      ["{ $.objectList[1].id = 2 }", true],
      ["{ $.SomeObject IS NULL }", true],
      ["{ $.SomeOtherObject NOT EXISTS }", true],
      ["{ $.ThisFlag IS TRUE }", true],
      ["{ $.objectList = * }", false],
      ["{ $.nothing = * }", false],
    ] as const
  ).map(([pattern, matched]) => {
    const event = {
      ...{ eventType: "UpdateTrail", sourceIPAddress: "111.111.111.111", arrayKey: ["value", "another value"] },
      ...{
        objectList: [
          { name: "a", id: 1 },
          { name: "b", id: 2 },
        ],
        SomeObject: null,
        ThisFlag: true,
      },
    };
    return [event, pattern, matched] as const;
  }),
  [{ bandwidth: 76 }, "{ $.bandwidth > 75 }", true],
  [{ latency: 50 }, "{ $.latency < 50 }", false],
  [{ latency: 50, requestType: "GET" }, "{ $.latency = * }", true],
  [{ refreshRate: 60 }, "{ $.refreshRate >= 60 }", true],
  [{ responseTime: 5 }, "{ $.responseTime <= 5 }", true],
  [{ errorCode: 400 }, "{ $.errorCode = 400 }", true],
  [{ errorCode: 500 }, "{ $.errorCode != 500 }", false],
  [{ number: [0.001] }, "{ $.number[0] = 1e-3 }", true],
  ...(
    [
      ['{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', true],
      ['{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', true],
      [
        '{ ($.user.email = "John.Stiles@example.com" || $.actions[0] = "nonmatch") && $.actions[2] = "nonmatch" }',
        false,
      ],
      // && binds more than ||.
      ['{ $.user.id = 1 || $.user.id = 2 && $.actions[2] = "nonmatch" }', true],
    ] as const
  ).map(([pattern, matched]) => {
    const event = {
      user: { id: 1, email: "John.Stiles@example.com" },
      users: [{ id: 2, email: "John.Doe@example.com" }],
      actions: ["GET", "PUT", "GET"],
    };
    return [event, pattern, matched] as const;
  }),
];

describe("the evaluator of CloudWatch's filter patterns", () => {
  for (const [event, pattern, matched] of documented) {
    it(`says ${matched} to ${pattern}`, () => {
      expect(matches(pattern, JSON.stringify(event))).to.equal(matched);
    });
  }

  it("matches nothing that is no JSON object", () => {
    for (const event of ["", "[2026-11-29] locust: ready", "[1]", "12", "null", '{"a": 1']) {
      expect(matches("{ $.a = * }", event), event).to.equal(false);
    }
  });

  it("refuses what it does not know, also where the event does not match", () => {
    for (const pattern of ["ERROR", "{ $.a }", "{ $.a = 1 && }", "{ ($.a = 1 }", "{ a = 1 }", "{ $.a = 1 ) }"]) {
      expect(() => matches(pattern, "{}"), pattern).to.throw();
    }
  });

  it("publishes the number that a filter names, and nothing where it is none", () => {
    const filter = { pattern: "{ $.latency = * }", value: "$.latency" };
    expect(published(filter, '{"latency": 0.5}')).to.equal(0.5);
    expect(published(filter, '{"latency": 0}')).to.equal(0);
    expect(published(filter, '{"latency": "slow"}')).to.equal(undefined);
    expect(published(filter, '{"other": 1}')).to.equal(undefined);
  });
});
