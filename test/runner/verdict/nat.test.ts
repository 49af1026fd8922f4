import { expect } from "chai";
import { type NatReport, withNat } from "../../../runner/verdict/nat";
import { decide } from "../../../runner/verdict/verdict";
import { goodLoad } from "../results/make";

const gateway = { id: "nat-1", portErrors: 0, droppedPackets: 0, mostConnections: 900 };
const report = (change: Partial<NatReport> = {}): NatReport => ({
  ...{ from: "2026-11-24T11:12:00.000Z", to: "2026-11-24T11:15:00.000Z", missingMinutes: 0 },
  gateways: [gateway, { ...gateway, id: "nat-2" }],
  ...change,
});
const verdictOf = (integrity: ReturnType<typeof goodLoad>) =>
  decide({ endedBy: "run-time", thresholds: [], integrity });

describe("what NAT gateways say of a run", () => {
  it("makes no difference where there was a port for every connection; it is in the report", () => {
    const load = withNat(goodLoad(), report(), "invalid");
    expect(load).to.deep.equal({ ...goodLoad(), nat: report() });
    expect(verdictOf(load).verdict).to.equal("passed");
  });

  const short = report({ gateways: [gateway, { ...gateway, id: "nat-2", portErrors: 1204 }] });
  const words =
    "nat: 1204 connections had no free port (nat-2: 1204) from 11:12 to 11:15 UTC, which limits the load on our side: more addresses a gateway (natAddressesPerGateway), fewer connections at a time, or ones kept open instead of opened for each request, help";

  it("makes it invalid where there was none for some, with the gateways that had none", () => {
    const load = withNat(goodLoad(), short, "invalid");
    expect(load.problems).to.deep.equal([words]);
    expect(verdictOf(load)).to.deep.equal({
      ...{ verdict: "invalid", exitCode: 3 },
      reasons: [`The load was not what was asked: ${words}.`],
    });
  });

  it("is a warning with natErrors warn", () => {
    const load = withNat(goodLoad(), short, "warn");
    expect(load).to.deep.include({ ok: true, problems: [], warnings: [words] });
    expect(verdictOf(load).verdict).to.equal("passed");
  });

  it("is one problem more where the load was wrong anyway", () => {
    const wrong = { ...goodLoad(), ok: false, problems: ["workers: worker-1 was lost 5 s into the run"] };
    expect(withNat(wrong, short, "warn").ok).to.equal(false);
    expect(verdictOf(withNat(wrong, short, "invalid")).reasons).to.have.length(2);
  });

  it("warns of packets that were dropped, and changes no verdict for them", () => {
    const load = withNat(goodLoad(), report({ gateways: [{ ...gateway, droppedPackets: 1 }] }), "invalid");
    expect(load).to.deep.include({ ok: true, warnings: ["nat: 1 packet dropped (nat-1: 1)"] });
  });

  it("says of which part of the run there is nothing yet, or that there is nothing at all", () => {
    expect(withNat(goodLoad(), report({ missingMinutes: 1 }), "invalid").warnings).to.deep.equal([
      "nat: CloudWatch had no values of 1 of the run's 3 minutes yet",
    ]);
    expect(withNat(goodLoad(), report({ missingMinutes: 3 }), "invalid").warnings).to.deep.equal([
      "nat: CloudWatch had no values of nat-1, nat-2 in the time of the run, so whether they had ports is not known",
    ]);
  });
});
