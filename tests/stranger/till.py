"""A till written from the published documentation of the Upay Web API alone.

It shares no code with the platform and needs nothing beside Python's standard library and the
`openssl` command, which verifies callbacks. One run walks the whole journey:

    python till.py causeway-data/sandbox.json
"""

import hashlib
import http.server
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

PATIENCE = 60


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *_):
        return None


def fetch(url, data=None, headers=None):
    """Status, headers and body of one exchange."""
    opener = urllib.request.build_opener(NoRedirect)
    call = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with opener.open(call, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def md5(data):
    return hashlib.md5(data).hexdigest()


class Signer:
    """A number and a key; signs the bytes that it sends."""

    def __init__(self, base, sn, key):
        self.base, self.sn, self.key = base, sn, key

    def post(self, path, body):
        """Sends a body; the envelope is checked as the documentation describes it."""
        if not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"{self.sn} {md5(body + self.key.encode())}",
        }
        status, _, text = fetch(self.base + path, body, headers)
        assert status == 200, f"{path}: HTTP {status}"
        return json.loads(text)


class Till(Signer):
    """A terminal."""

    @classmethod
    def activate(cls, base, upay, code, device_id):
        vendor = Signer(base, upay["vendor_sn"], upay["vendor_key"])
        request = {"app_id": upay["app_id"], "code": code, "device_id": device_id}
        answer = vendor.post("/terminal/activate", request)
        assert answer["result_code"] == "200", answer
        granted = answer["biz_response"]
        till = cls(base, granted["terminal_sn"], granted["terminal_key"])
        till.device_id = device_id
        return till

    def check_in(self):
        request = {"terminal_sn": self.sn, "device_id": self.device_id}
        answer = self.post("/terminal/checkin", request)
        assert answer["result_code"] == "200", answer
        assert answer["biz_response"]["terminal_sn"] == self.sn, answer
        self.key = answer["biz_response"]["terminal_key"]

    def call(self, name, **members):
        """The biz_response of a call under /upay/v2/."""
        answer = self.post(f"/upay/v2/{name}", {"terminal_sn": self.sn, **members})
        assert answer["result_code"] == "200", answer
        return answer["biz_response"]

    def done(self, name, expected, **members):
        """The data of a call that ends as expected."""
        answer = self.call(name, **members)
        assert answer["result_code"] == expected, answer
        return answer["data"]

    def poll(self, client_sn):
        """Asks until the order is final, as the documentation advises."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            data = self.done("query", "SUCCESS", client_sn=client_sn)
            if data["order_status"] != "CREATED":
                return data
            time.sleep(0.2)
        raise AssertionError(f"{client_sn} stays CREATED")

    def wap_sign(self, parameters):
        """Sorted, joined, the key behind, MD5 in capitals."""
        pairs = sorted((k, v) for k, v in parameters.items() if k not in ("sign", "sign_type"))
        text = "&".join(f"{k}={v}" for k, v in pairs) + f"&key={self.key}"
        return md5(text.encode()).upper()


class Shop:
    """Receives callbacks at notify_url and verifies them."""

    def __init__(self, public_key_pem):
        told = self.told = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.put((self.headers["Authorization"], body))
                self.send_response(200)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"success")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/upay"
        self.public_key_pem = public_key_pem

    def next(self):
        """The next callback, verified: RSA with SHA-256 over the raw body."""
        signature, body = self.told.get(timeout=PATIENCE)
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: f"{folder}/{name}" for name in ("key", "signature", "body")}
            with open(paths["key"], "w", encoding="ascii") as file:
                file.write(self.public_key_pem)
            decode = ["openssl", "base64", "-d", "-A", "-out", paths["signature"]]
            subprocess.run(decode, input=signature.encode(), check=True)
            verify = ["openssl", "dgst", "-sha256", "-verify", paths["key"]]
            verify += ["-signature", paths["signature"]]
            subprocess.run(verify, input=body, check=True, stdout=subprocess.DEVNULL)
        return json.loads(body)


def simulate(base, path, **body):
    """A call of the sandbox's simulation API."""
    status, _, text = fetch(f"{base}/sandbox/v1/{path}", json.dumps(body).encode())
    assert status == 200, f"{path}: {status} {text}"
    return json.loads(text)


def number():
    return uuid.uuid4().hex[:24]


def sale(client_sn, **more):
    order = {"client_sn": client_sn, "total_amount": "1250", "subject": "披萨", "operator": "kay"}
    return {**order, **more}


def barcode_payment(till, base, shop):
    """Pay, callback, query, refund in parts, and what a second try of each does."""
    barcode = simulate(base, "barcode", provider="wechat")
    order = sale(number(), dynamic_id=barcode["dynamic_id"], notify_url=shop.url, reflect="bay 17")
    paid = till.done("pay", "PAY_SUCCESS", **order)
    assert (paid["order_status"], paid["status"], paid["payway"]) == ("PAID", "SUCCESS", "3"), paid
    assert sum(int(part["amount_total"]) for part in paid["payment_list"]) == 1250, paid
    told = shop.next()
    assert told["client_sn"] == order["client_sn"] and told["order_status"] == "PAID", told
    again = till.call("pay", **order)
    assert (again["result_code"], again["error_code"]) == ("FAIL", "CLIENT_SN_CONFLICT"), again
    found = till.done("query", "SUCCESS", sn=paid["sn"])
    assert found["net_amount"] == "1250", found
    part = {"client_sn": order["client_sn"], "refund_request_no": "1", "refund_amount": "250"}
    back = till.done("refund", "REFUND_SUCCESS", operator="kay", **part)
    assert (back["order_status"], back["net_amount"]) == ("PARTIAL_REFUNDED", "1000"), back
    again = till.call("refund", operator="kay", **part)
    assert again["error_code"] == "UPAY_REFUND_ORDER_NOOP", again
    rest = {"sn": paid["trade_no"], "refund_request_no": "2", "refund_amount": "1000"}
    back = till.done("refund", "REFUND_SUCCESS", **rest)
    assert (back["order_status"], back["net_amount"]) == ("REFUNDED", "0"), back


def cancellation(till, base):
    """An unclear payment is undone, and so is a payment of today."""
    barcode = simulate(base, "barcode", provider="alipay")["dynamic_id"]
    paid = till.done("pay", "PAY_SUCCESS", **sale(number(), dynamic_id=barcode))
    undone = till.done("cancel", "CANCEL_SUCCESS", sn=paid["sn"])
    assert (undone["order_status"], undone["net_amount"]) == ("CANCELED", "0"), undone
    again = till.call("revoke", sn=paid["sn"])
    assert again["error_code"] == "UPAY_CANCEL_ORDER_NOOP", again
    nothing = till.call("cancel", client_sn=number())
    assert nothing["error_code"] == "UPAY_ORDER_NOT_EXISTS", nothing


def slow_payer(till, base):
    """The call is held while the payer types; the clock is moved meanwhile."""
    barcode = simulate(base, "barcode", provider="wechat", scenario="9905")["dynamic_id"]
    order, ends = sale(number(), dynamic_id=barcode), queue.Queue()
    call = threading.Thread(target=lambda: ends.put(till.call("pay", **order)))
    call.start()
    for _ in range(PATIENCE * 10):
        if till.call("query", client_sn=order["client_sn"])["result_code"] == "SUCCESS":
            break
        time.sleep(0.1)
    simulate(base, "clock", advance_seconds=11)
    assert ends.get(timeout=PATIENCE)["result_code"] == "PAY_SUCCESS"
    call.join()


def scanned_code(till, shop):
    """Precreate: the payer opens what the code says and pays."""
    order = sale(number(), payway="1", notify_url=shop.url)
    offered = till.done("precreate", "PRECREATE_SUCCESS", **order)
    status, headers, picture = fetch(offered["qr_code_image_url"])
    assert status == 200 and headers["Content-Type"] == "image/png", status
    assert picture.startswith(b"\x89PNG"), picture[:8]
    status, _, _ = fetch(offered["qr_code"], b"choice=pay")
    assert status in (302, 303), status
    assert till.poll(order["client_sn"])["order_status"] == "PAID"
    assert shop.next()["sub_payway"] == "2"


def browser(till, base):
    """WAP: a signed link, the wallet's page, and a signed way back."""
    back = "http://127.0.0.1:9/shop?basket=7"
    link = {"terminal_sn": till.sn, "return_url": back, **sale(number())}
    link["sign"] = till.wap_sign(link)
    status, headers, _ = fetch(f"{base}/qr/gateway?{urllib.parse.urlencode(link)}")
    assert status == 302, status
    status, headers, _ = fetch(headers["Location"], b"choice=pay")
    status, headers, _ = fetch(headers["Location"])
    assert status == 302 and headers["Location"].startswith(back + "&"), headers["Location"]
    told = dict(urllib.parse.parse_qsl(headers["Location"][len(back) + 1 :]))
    assert told["sign"] == till.wap_sign(told), told
    assert (told["is_success"], told["status"]) == ("T", "SUCCESS"), told
    forged = {**link, "total_amount": "1"}
    status, headers, _ = fetch(f"{base}/qr/gateway?{urllib.parse.urlencode(forged)}")
    assert status >= 400 and "Location" not in headers, status


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    base, upay = document["base_url"], document["upay"]
    code = upay["activation_codes"][0]["code"]
    till = Till.activate(base, upay, code, str(uuid.uuid4()))
    print("activated", till.sn)
    till.check_in()
    print("checked in")
    shop = Shop(upay["callback_public_key_pem"])
    barcode_payment(till, base, shop)
    print("paid, told, refunded")
    cancellation(till, base)
    print("cancelled")
    slow_payer(till, base)
    print("waited for a slow payer")
    scanned_code(till, shop)
    print("a code was scanned")
    browser(till, base)
    print("a browser paid")
    kept = till.post("/terminal/uploadLog", b"\x1f\x8b\x08\x00")
    assert kept["error_code"] == "SUCCESS", kept
    print("done")


if __name__ == "__main__":
    main()
