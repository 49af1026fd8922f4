import { expect } from "chai";
import fc from "fast-check";
import { natProblem, pullProblem } from "../../settings/limits";

const million = { users: 1_000_000, gateways: 3, addresses: 3, targetAddresses: ["203.0.113.10"] };

describe("natProblem", () => {
  it("says what to set for the guidance's million users, where more addresses of the gateways do", () => {
    expect(natProblem({ ...million, users: 400_000 })).to.equal(
      "400000 users may need more connections than NAT has room for: 165000, 55000 from each of 3 NAT addresses to " +
        "each of the target's 1. Others fail at random: set natAddressesPerGateway to 3, or aim at a target with more addresses",
    );
  });

  it("says when only the target's addresses help", () => {
    // 1,000,000 / (55,000 × 8 × 1) = 2.27
    const single = natProblem({ ...million, gateways: 1, addresses: 1 });
    expect(single).to.include("8 of natAddressesPerGateway are not enough: the target needs 3 addresses");
    expect(natProblem({ ...million, addresses: 24 })).to.equal(undefined);
  });

  it("does not count targets that are reached without NAT", () => {
    for (const address of ["10.0.1.2", "172.16.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1", "2001:db8::1", "::1"]) {
      expect(natProblem({ ...million, targetAddresses: [address] }), address).to.equal(undefined);
    }
  });

  it("takes a target whose addresses are not known for one address, and says so", () => {
    const problem = natProblem({ ...million, targetAddresses: undefined });
    expect(problem).to.include("to each address of the target, here taken for one");
    expect(natProblem({ ...million, users: 165_000, targetAddresses: undefined })).to.equal(undefined);
  });

  it("is silent up to 55,000 users for each pair of addresses, and what it proposes is enough", () => {
    const load = fc.record({
      users: fc.integer({ min: 1, max: 10_000_000 }),
      gateways: fc.integer({ min: 1, max: 6 }),
      perGateway: fc.integer({ min: 1, max: 8 }),
      targets: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(load, ({ users, gateways, perGateway, targets }) => {
        const targetAddresses = Array.from({ length: targets }, (_, index) => `203.0.113.${index + 1}`);
        const problemOf = (each: number) =>
          natProblem({ users, gateways, addresses: gateways * each, targetAddresses });
        const problem = problemOf(perGateway);
        expect(problem === undefined).to.equal(users <= 55_000 * gateways * perGateway * targets);
        const proposed = /set natAddressesPerGateway to (\d+)/.exec(problem ?? "")?.[1];
        if (proposed !== undefined) {
          expect(Number(proposed)).to.be.within(perGateway + 1, 8);
          expect(problemOf(Number(proposed))).to.equal(undefined);
          expect(problemOf(Number(proposed) - 1)).to.be.a("string");
        } else if (problem !== undefined) {
          expect(problemOf(8)).to.be.a("string");
        }
      }),
    );
  });
});

describe("pullProblem", () => {
  const image = "docker.io/locustio/locust:2.47.0";

  it("says that 500 workers behind three addresses do not come up", () => {
    expect(pullProblem({ workers: 500, addresses: 3, image })).to.equal(
      "501 pods pull docker.io/locustio/locust:2.47.0, and Docker Hub gives 3 NAT addresses 300 pulls in six hours " +
        "(100 each, without a login): the others do not start. Set imageSource to ecr",
    );
  });

  it("counts the master, and is silent up to 100 pulls for each address", () => {
    expect(pullProblem({ workers: 99, addresses: 1, image })).to.equal(undefined);
    expect(pullProblem({ workers: 100, addresses: 1, image })).to.include("101 pods");
    expect(pullProblem({ workers: 299, addresses: 3, image })).to.equal(undefined);
  });

  it("does not propose for another image what only brings Locust's own", () => {
    const problem = pullProblem({ workers: 500, addresses: 1, image: "mine/locust:1" });
    expect(problem).to.include("Push the image to a registry").and.not.include("imageSource");
  });

  it("knows which images are Docker Hub's", () => {
    const problem = (one: string) => pullProblem({ workers: 500, addresses: 1, image: one });
    for (const one of ["locustio/locust", "locust", "index.docker.io/a/b:1", "registry-1.docker.io/a/b"])
      expect(problem(one), one).to.be.a("string");
    for (const one of ["123456789012.dkr.ecr.us-east-2.amazonaws.com/a@sha256:1", "localhost/a", "ghcr.io/a/b"]) {
      expect(problem(one), one).to.equal(undefined);
    }
  });
});
