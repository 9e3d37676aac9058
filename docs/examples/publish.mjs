// Publish one product change: REDIS_URL=redis://producer:PASSWORD@127.0.0.1:6379/0 node publish.mjs
import { connect } from "node:net";

const event = {
  specversion: "1.0",
  id: "KET-42:7",
  source: "shop",
  type: "catalog.product.changed.v1",
  time: new Date().toISOString(),
  data: {
    sku: "KET-42",
    version: 7,
    title: "Kettle K2",
    brand: "Norrland",
    category: ["Kitchen", "Kettles"],
    attributes: { capacity: { value: 1.7, unit: "l" }, color: ["black", "white"], cordless: true },
  },
};

// A Redis command is a count of words, then each word after its length in bytes.
const command = (...words) =>
  `*${words.length}\r\n` + words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");

const { hostname, port, username, password } = new URL(process.env.REDIS_URL);
const secrets = [username, password].filter(Boolean).map(decodeURIComponent); // without a user, the password alone
const socket = connect(Number(port || 6379), hostname).setEncoding("utf8");
socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
if (secrets.length) socket.write(command("AUTH", ...secrets));
socket.write(command("XADD", "catalog:events", "*", "event", JSON.stringify(event)));

let answer = "", error, entry;
for await (const chunk of socket) {
  answer += chunk;
  [, error, entry] = /^-(.*)\r\n|^\$\d+\r\n(.+)\r\n/m.exec(answer) ?? [];
  if (error || entry) break;
}
if (!entry) throw new Error(error ?? "the connection closed before an answer came");
console.log(entry);
