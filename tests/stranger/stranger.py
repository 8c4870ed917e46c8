"""A channel's and a service's program, written from the specification alone.

Usage: stranger.py SANDBOX_JSON. It logs a user in, places an order, pays it, gets the notices,
inquires, refunds, and verifies every signature. It prints one line for each step; any failure
ends with status 1.
"""

import base64
import hashlib
import http.server
import json
import queue
import random
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from jwcrypto import jwe, jwk, jws
from jwcrypto.common import JWSEHeaderParameter, base64url_decode, base64url_encode

CRITICAL = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"]
REGISTRY = {name: JWSEHeaderParameter(name, True, True, None) for name in CRITICAL}
PATIENCE = 30
CHANNEL = "/ucsp/channel/v1/"
INDUSTRY = "/ucsp/industry/v1/"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *_):
        return None


def request(url, body=None, headers=None):
    """Status, headers and body of one exchange."""
    opener = urllib.request.build_opener(NoRedirect)
    call = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with opener.open(call, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def simulate(base, path, **body):
    """A call of the sandbox's simulation API."""
    data = json.dumps(body).encode() if body else None
    status, _, text = request(f"{base}/sandbox/v1/{path}", data)
    assert status == 200, f"{path}: {status} {text}"
    return json.loads(text)


def stamp():
    """YYYYMMDDhhmmss at GMT+8."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 8 * 3600))


class Partner:
    """One application: it signs, verifies, encrypts and decrypts."""

    def __init__(self, document, entry, code):
        platform = document["ucsp"]["platform"]
        self.base = document["base_url"]
        self.entry = entry
        self.code = entry[code]
        self.app_id = entry["app_id"]
        self.key = jwk.JWK.from_pem(entry["sign_key_pem"].encode())
        self.private = jwk.JWK.from_pem(entry["enc_key_pem"].encode())
        self.platform_sign_id = platform["sign_cert_id"]
        self.platform_enc_id = platform["enc_cert_id"]
        self.platform_sign = jwk.JWK.from_pem(platform["sign_cert_pem"].encode())
        self.platform_enc = jwk.JWK.from_pem(platform["enc_cert_pem"].encode())

    def sign(self, body, path=None):
        """The value of UPI-JWS; without a path, for an answer."""
        names = CRITICAL if path else CRITICAL[:3]
        values = [uuid.uuid4().hex, str(int(time.time())), self.app_id, path]
        protected = {"alg": "RS256", "kid": self.entry["sign_cert_id"], "crit": names}
        protected.update({name: value for name, value in zip(names, values)})
        token = jws.JWS(body, header_registry=REGISTRY)
        token.allowed_algs = ["RS256"]
        token.add_signature(self.key, protected=json.dumps(protected))
        header, _, signature = token.serialize(compact=True).split(".")
        return f"{header}..{signature}"

    def verify(self, value, body, path=None):
        """Checks a signature of the platform over exactly these bytes."""
        assert value, f"no UPI-JWS beside {body}"
        header, empty, signature = value.split(".")
        assert empty == "", "the payload is detached"
        token = jws.JWS(header_registry=REGISTRY)
        token.allowed_algs = ["RS256"]
        token.deserialize(f"{header}.{base64url_encode(body)}.{signature}")
        token.verify(self.platform_sign)
        protected = json.loads(base64url_decode(header))
        assert protected["kid"] == self.platform_sign_id, protected
        assert protected["UPI-APPID"] == self.app_id, protected
        assert abs(time.time() - int(protected["UPI-TIMESTAMP"])) < 300, protected
        assert protected.get("UPI-REQPATH") == path, protected
        assert sorted(protected["crit"]) == sorted(CRITICAL if path else CRITICAL[:3]), protected

    def post(self, path, message):
        """Sends a message and takes the verified answer."""
        body = json.dumps(message, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "UPI-JWS": self.sign(body, path)}
        status, answered, text = request(self.base + path, body, headers)
        assert status == 200, f"{path}: {status} {text}"
        self.verify(answered["UPI-JWS"], text)
        return json.loads(text)

    def message_id(self, industry_code):
        return f"A{industry_code}{stamp()}{random.randrange(10**6):06}"

    def wrapped(self, name, **trx_info):
        """Sends a wrapped message; members that are None are left out."""
        message = {
            "msgInfo": {
                "versionNo": "1.0.0",
                "msgID": self.message_id(self.code),
                "timeStamp": stamp(),
                "msgType": name,
                "industryCode": self.code,
            },
            "trxInfo": {key: value for key, value in trx_info.items() if value is not None},
        }
        return self.post(INDUSTRY + name.replace("_", "").lower(), message)

    def encrypt(self, plain):
        protected = {"alg": "RSA1_5", "enc": "A128CBC-HS256", "kid": self.platform_enc_id}
        algorithms = ["RSA1_5", "A128CBC-HS256"]
        token = jwe.JWE(
            plain.encode(), json.dumps(protected), algs=algorithms, recipient=self.platform_enc
        )
        return token.serialize(compact=True)

    def decrypt(self, compact):
        header = json.loads(base64url_decode(compact.split(".")[0]))
        assert header["kid"] == self.entry["enc_cert_id"], header
        token = jwe.JWE(algs=["RSA1_5", "A128CBC-HS256"])
        token.deserialize(compact, self.private)
        return token.payload.decode()

    def verify_in_body(self, text):
        """The bare form: PKCS#1 v1.5 type 1 over the hash itself, without DigestInfo."""
        value = json.loads(text)["certificateSignature"]["signature"]
        signed = text.replace(json.dumps(value), '"00000000"')
        numbers = self.platform_sign.get_op_key("verify").public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        number = pow(int.from_bytes(base64.b64decode(value), "big"), numbers.e, numbers.n)
        head, covered = number.to_bytes(size, "big")[2:].split(b"\0", 1)
        assert set(head) == {255} and covered == hashlib.sha256(signed.encode()).digest()


def approved(answer, *codes):
    """The transaction part of an answer with one of these codes, 00 by default."""
    code = answer["msgResponse"]["responseCode"]
    assert code in (codes or ("00",)), answer
    return answer.get("trxInfo", answer)


class NoticeServer:
    """Receives notices, verifies them, and confirms with a signed answer."""

    def __init__(self, partner):
        notices = self.notices = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    partner.verify(self.headers["UPI-JWS"], body, self.path)
                    notice = json.loads(body)
                    notices.put(notice["trxInfo"])
                except Exception as fault:  # told to the main thread, which ends
                    notices.put(fault)
                    self.send_error(500)
                    return
                response = {"responseCode": "00", "responseMsg": "Approved"}
                info = {**notice["msgInfo"], "timeStamp": stamp()}
                answer = json.dumps({"msgInfo": info, "msgResponse": response}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.send_header("UPI-JWS", partner.sign(answer))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/notices"

    def next(self):
        notice = self.notices.get(timeout=PATIENCE)
        if isinstance(notice, Exception):
            raise notice
        return notice


def log_in(channel, service):
    """CHANNEL_LOGIN_INFO, then the address that the app opens."""
    user = channel.entry["users"][0]
    answer = channel.post(
        CHANNEL + "channellogininfo",
        {
            "msgID": channel.message_id(service.code),
            "channelCode": channel.code,
            "industryCode": service.code,
            "userId": user["user_id"],
            "language": "en-GB",
            "encData": channel.encrypt(json.dumps({"mobile": user["mobile"]})),
        },
    )
    url = approved(answer)["industryUrl"]
    status, headers, _ = request(url)
    assert status in (302, 303), status
    target = urllib.parse.urlsplit(headers["Location"])
    assert headers["Location"].startswith(service.entry["index_url"]), headers["Location"]
    text = urllib.parse.parse_qs(target.query)["request_data"][0]
    service.verify_in_body(text)
    info = json.loads(text)
    assert info["trxInfo"]["userId"] == user["user_id"], text
    assert service.decrypt(info["trxInfo"]["mobile"]) == user["mobile"], "the mobile number"
    assert request(url)[0] >= 400, "the link is good once"
    return info["trxInfo"]["userId"]


def order(service, channel, user_id, back_url):
    """Places an order; gives its key and its number."""
    key = {
        "orderId": f"PY{uuid.uuid4().hex[:20]}",
        "txnTime": stamp(),
        "merId": service.entry["mer_id"],
        "acqIIN": service.entry["acq_iin"],
    }
    placed = approved(
        service.wrapped(
            "SUBMIT_PAYMENT_ORDER",
            **key,
            txnAmt="2500",
            currencyCode=service.entry["currency_codes"][0],
            channelCode=channel.code,
            userId=user_id,
            orderDesc="停车费 Parking",
            backUrl=back_url,
        )
    )
    return key, placed["tn"]


def inquire(service, name, key, status):
    """Asks until the transaction has this status."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = approved(service.wrapped(name, **key))
        if found.get("txnStatus") == status:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def refund(service, key, amount, back_url):
    """Gives a part of an order back; gives the refund's key."""
    new = {**key, "orderId": f"PY{uuid.uuid4().hex[:20]}", "txnTime": stamp()}
    answer = service.wrapped(
        "PAYMENT_REFUND",
        **new,
        origOrderId=key["orderId"],
        origTxnTime=key["txnTime"],
        txnAmt=amount,
        currencyCode=service.entry["currency_codes"][0],
        backUrl=back_url,
    )
    approved(answer, "00", "05")
    return new


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    channel = Partner(document, document["ucsp"]["channel"], "channel_code")
    service = Partner(document, document["ucsp"]["industry"], "industry_code")
    server = NoticeServer(service)
    user_id = log_in(channel, service)
    print(f"logged in {user_id}")
    key, tn = order(service, channel, user_id, server.url)
    print(f"placed {tn}")
    approved(service.wrapped("PAYMENT_RESULT_INQUIRY", **key))
    simulate(document["base_url"], "pay", tn=tn)
    notice = server.next()
    assert (notice["tn"], notice["txnType"], notice["txnStatus"]) == (tn, "01", "SUCCESS"), notice
    print(f"told of {notice['queryId']}")
    found = inquire(service, "PAYMENT_RESULT_INQUIRY", key, "SUCCESS")
    assert found["queryId"] == notice["queryId"], found
    back = refund(service, key, "1000", server.url)
    notice = server.next()
    assert (notice["txnType"], notice["txnAmt"], notice["txnStatus"]) == ("04", "1000", "SUCCESS")
    assert notice["orderId"] == back["orderId"] and notice["origQryId"] == found["queryId"], notice
    found = inquire(service, "REFUND_RESULT_INQUIRY", back, "SUCCESS")
    assert found["queryId"] == notice["queryId"], found
    found = inquire(service, "PAYMENT_RESULT_INQUIRY", key, "PART_REFUNDED")
    assert found["refundedAmt"] == "1000", found
    print("refunded 1000")
    told = simulate(document["base_url"], f"notices?order={tn}")["notices"]
    assert {one["to"] for one in told} == {"industry", "channel"}, told
    print("done")


if __name__ == "__main__":
    main()
