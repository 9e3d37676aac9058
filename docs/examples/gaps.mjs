// Print what products lack: REDIS_URL=redis://producer:PASSWORD@127.0.0.1:6379/0 node gaps.mjs [LAST ENTRY]
import { connect } from "node:net";

// A Redis command is a count of words, then each word after its length in bytes.
const command = (...words) =>
  `*${words.length}\r\n` + words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");

const { hostname, port, username, password } = new URL(process.env.REDIS_URL);
const secrets = [username, password].filter(Boolean).map(decodeURIComponent); // without a user, the password alone
const socket = connect(Number(port || 6379), hostname).setEncoding("utf8");
socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
if (secrets.length) socket.write(command("AUTH", ...secrets));
socket.write(command("XREAD", "COUNT", "1000", "STREAMS", "catalog:gaps", process.argv[2] ?? "0"));
socket.write(command("PING")); // its answer says that the one before it is complete

let answer = "", error, end;
for await (const chunk of socket) {
  answer += chunk;
  [, error, end] = /^(?:-(.*)|(\+PONG))\r\n/m.exec(answer) ?? [];
  if (error || end) break;
}
if (!end) throw new Error(error ?? "the connection closed before an answer came");
// The JSON of an event has no line breaks, so that it stands on one line.
for (const [, entry, json] of answer.matchAll(/^(\d+-\d+)\r\n\*2\r\n\$5\r\nevent\r\n\$\d+\r\n(.*)\r\n/gm)) {
  const { id, data } = JSON.parse(json);
  console.log(entry, id, data.sku, data.missing.join(", "));
}
