"""The trial bank in a browser of words, from the pay address back to the merchant."""

import shutil
import threading

import pytest
from sandboxed import LABEL, read_signed
from text.test_w3m import W3m

from sandbox.server import server_at


@pytest.fixture
def served(sandbox_for, open_shop):
    """A trial bank on a port, and the shop it tells."""
    shop = open_shop()
    sandbox = sandbox_for(shop)
    server = server_at("127.0.0.1", 0)
    server.set_app(sandbox.web)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield sandbox, shop, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("w3m") is None, reason="w3m is not installed")
def test_somebody_pays_in_w3m(served, tmp_path):
    sandbox, shop, address = served
    w3m = W3m(str(tmp_path), address + sandbox.pay_address(ReturnUrl=shop.address))
    try:
        w3m.starts("Chọn ngân hàng")
        assert LABEL in w3m.text and "16.000 đồng" in w3m.text
        w3m.press("NCB", then="Đăng nhập ngân hàng NCB")
        w3m.type("Số thẻ", "9704198526191432198", below="thẻ thật")
        w3m.type("Tên chủ thẻ", "NGUYEN VAN A")
        w3m.type("Ngày phát hành", "07/15")
        w3m.press("Tiếp tục", then="Nhập mã OTP")
        w3m.type("Mã OTP", "123456", below="được gửi")
        w3m.press("Thanh toán", then="Confirm Success")
    finally:
        w3m.close()

    told = [read_signed(sandbox.key.secret, query) for query in shop.wait_for(2)]  # the notice and the return
    assert told[0] == told[1] and told[0]["vnp_ResponseCode"] == "00"
