// Checks messages of the crate jose with panva's jose, then makes some for the crate to check.
//
// Usage: node jose_check.mjs FILE, with CAUSEWAY_INTEROP_NODE_MODULES naming node_modules.
// FILE holds keys and messages (see crates/jose/examples/golden.rs). Prints a JSON object with
// messages of the same kinds. Any failure ends with status 1. RSA1_5 is not offered by Node.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(process.env.CAUSEWAY_INTEROP_NODE_MODULES, "jose");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const jose = await import(pathToFileURL(join(folder, manifest.exports["."].default)));

const MEMBERS = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"];
const CRITICAL = { crit: Object.fromEntries(MEMBERS.map((name) => [name, true])) };
const OAEP = "RSA-OAEP-256+A256GCM";
const PLACEHOLDER = "00000000";
const TEXTS = ["", "{}", '{"name":"陈"}', "x".repeat(5000)].map((text) => Buffer.from(text));

async function verifyJws(message, key) {
  const body = Buffer.from(message.body_base64, "base64");
  const [header, empty, signature] = message.upi_jws.split(".");
  assert.equal(empty, "");
  const token = { protected: header, payload: body.toString("base64url"), signature };
  const options = { algorithms: ["RS256"], ...CRITICAL };
  const { payload } = await jose.flattenedVerify(token, key, options);
  assert.deepEqual(Buffer.from(payload), body);
}

async function makeJws(body, key, number) {
  const names = number % 2 === 0 ? MEMBERS : MEMBERS.slice(0, 3);
  const values = [number.toString(16).padStart(32, "0"), "1700000000", "00520446", "/ucsp/x"];
  const header = { alg: "RS256", kid: "1700000000001", crit: names.toReversed() };
  names.forEach((name, index) => (header[name] = values[index]));
  const token = await new jose.FlattenedSign(body).setProtectedHeader(header).sign(key, CRITICAL);
  const upi_jws = `${token.protected}..${token.signature}`;
  return { body_base64: body.toString("base64"), upi_jws };
}

async function decrypt(message, key) {
  const { plaintext, protectedHeader } = await jose.compactDecrypt(message.compact, key);
  assert.deepEqual(Buffer.from(plaintext), Buffer.from(message.plaintext_base64, "base64"));
  assert.deepEqual(protectedHeader, { alg: "RSA-OAEP-256", enc: "A256GCM", kid: message.kid });
}

async function encrypt(text, key) {
  const header = { alg: "RSA-OAEP-256", enc: "A256GCM", kid: "1700000000003" };
  const compact = await new jose.CompactEncrypt(text).setProtectedHeader(header).encrypt(key);
  return { profile: OAEP, kid: header.kid, plaintext_base64: text.toString("base64"), compact };
}

function verifyInBody(message, key) {
  const value = JSON.parse(message.signed_text).certificateSignature.signature;
  const signed = message.signed_text.replace(`"${value}"`, `"${PLACEHOLDER}"`);
  assert.equal(signed, message.text_to_sign);
  const signature = Buffer.from(value, "base64");
  if (message.form === "bare") {
    const covered = crypto.publicDecrypt(key, signature);
    assert.deepEqual(covered, crypto.createHash("sha256").update(signed).digest());
  } else {
    assert.ok(crypto.verify("sha256", Buffer.from(signed), key, signature));
  }
}

function makeInBody(form, key) {
  const text = JSON.stringify({ certificateSignature: { signature: PLACEHOLDER }, a: "é" });
  const signature =
    form === "bare"
      ? crypto.privateEncrypt(key, crypto.createHash("sha256").update(text).digest())
      : crypto.sign("sha256", Buffer.from(text), key);
  const signed_text = text.replace(`"${PLACEHOLDER}"`, `"${signature.toString("base64")}"`);
  return { form, text_to_sign: text, signed_text };
}

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { keys } = given;
const signPublic = await jose.importSPKI(keys.sign_public_pem, "RS256");
const signPrivate = await jose.importPKCS8(keys.sign_key_pem, "RS256");
const encPublic = await jose.importSPKI(keys.enc_public_pem, "RSA-OAEP-256");
const encPrivate = await jose.importPKCS8(keys.enc_key_pem, "RSA-OAEP-256");

const readable = given.jwe.filter((message) => message.profile === OAEP);
assert.ok(given.detached_jws.length && readable.length && given.in_body.length);
for (const message of given.detached_jws) await verifyJws(message, signPublic);
for (const message of readable) await decrypt(message, encPrivate);
for (const message of given.in_body) verifyInBody(message, keys.sign_public_pem);

const made = {
  checked: given.detached_jws.length + readable.length + given.in_body.length,
  detached_jws: await Promise.all(TEXTS.map((text, n) => makeJws(text, signPrivate, n))),
  jwe: await Promise.all(TEXTS.map((text) => encrypt(text, encPublic))),
  in_body: ["bare", "digest_info"].map((form) => makeInBody(form, keys.sign_key_pem)),
};
process.stdout.write(JSON.stringify(made));
