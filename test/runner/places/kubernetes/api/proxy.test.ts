import { expect } from "chai";
import { proxyFor } from "../../../../../runner/places/kubernetes/api/connect";

const proxy = "http://proxy.corp:3128";
const server = "https://ABC.gr7.eu-west-1.eks.amazonaws.com";

describe("the proxy before an API server", () => {
  const cases: readonly [string, string, NodeJS.ProcessEnv, string | undefined][] = [
    ["none", server, {}, undefined],
    ["the variable's", server, { HTTPS_PROXY: proxy }, proxy],
    ["the small one's", server, { https_proxy: proxy }, proxy],
    ["one without a scheme", server, { HTTPS_PROXY: "proxy.corp:3128" }, proxy],
    ["not the one for http", server, { HTTP_PROXY: proxy }, undefined],
    ["the one for http, with http", "http://10.0.0.1:8001", { HTTP_PROXY: proxy }, proxy],
    ["none for this machine", "https://127.0.0.1:6443", { HTTPS_PROXY: proxy }, undefined],
    ["none for this machine's name", "https://localhost:6443", { HTTPS_PROXY: proxy }, undefined],
    ["none for this machine in IPv6", "https://[::1]:6443", { HTTPS_PROXY: proxy }, undefined],
    ["none for anything", server, { HTTPS_PROXY: proxy, NO_PROXY: "*" }, undefined],
    ["none for a domain", server, { HTTPS_PROXY: proxy, NO_PROXY: "x.com, amazonaws.com" }, undefined],
    ["none for a domain's names", server, { HTTPS_PROXY: proxy, no_proxy: ".eks.amazonaws.com" }, undefined],
    ["none for names under a star", server, { HTTPS_PROXY: proxy, NO_PROXY: "*.amazonaws.com" }, undefined],
    [
      "a domain that only ends alike",
      "https://badamazonaws.com",
      { HTTPS_PROXY: proxy, NO_PROXY: "amazonaws.com" },
      proxy,
    ],
    [
      "the domain itself, where only its names are left out",
      "https://corp",
      { HTTPS_PROXY: proxy, NO_PROXY: ".corp" },
      proxy,
    ],
    ["none for a network", "https://10.1.2.3:6443", { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/8" }, undefined],
    ["another network", "https://11.1.2.3:6443", { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/8" }, proxy],
    ["none for a network in IPv6", "https://[fd00::1]:6443", { HTTPS_PROXY: proxy, NO_PROXY: "fd00::/8" }, undefined],
    ["none for an address in IPv6", "https://[fd00::1]:6443", { HTTPS_PROXY: proxy, NO_PROXY: "fd00::1" }, undefined],
    ["none for a port", "https://k8s.corp:6443", { HTTPS_PROXY: proxy, NO_PROXY: "k8s.corp:6443" }, undefined],
    ["another port", "https://k8s.corp", { HTTPS_PROXY: proxy, NO_PROXY: "k8s.corp:6443" }, proxy],
    ["what is no network", server, { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/99,,/,x/y" }, proxy],
  ];
  for (const [what, address, env, expected] of cases) {
    it(`is ${what}`, () => expect(proxyFor(address, env)).to.equal(expected));
  }
});
