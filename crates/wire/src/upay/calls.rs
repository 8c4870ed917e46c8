//! The calls of a terminal (`upay.md` sections 4, 5 and 7), declared once.

use super::goods::GoodsDetail;
use super::row::Check;
use super::rows::{
    APP_ID, CLIENT_SN, CLIENT_SN_ASKED, CLIENT_TSN, CODE, DESCRIPTION, DEVICE_ID, DYNAMIC_ID,
    EXTENDED, GOODS_DETAILS, LATITUDE, LONGITUDE, NAME, NOTIFY_URL, OPERATOR, OS_INFO, PAYER_UID,
    PAYWAY, REFLECT, REFUND_AMOUNT, REFUND_REQUEST_NO, RETURN_URL, SDK_VERSION, SIGN, SN,
    SUB_PAYWAY, SUBJECT, TERMINAL_CLIENT_SN, TERMINAL_SN, TOTAL_AMOUNT,
};
use super::table::call;

const PLACE: Check = Check::Together("longitude", "latitude");
const ORDER: Check = Check::AnyOf(&["sn", "client_sn"]);

call! {
    /// `POST /terminal/activate`.
    Activate, ACTIVATE = "activate", POST ["/terminal/activate"], Vendor,
    "Turns an activation code into a terminal with its key. Each use yields a new terminal.", []
    {
        app_id: String = APP_ID;
        code: String = CODE;
        device_id: String = DEVICE_ID.needed();
        client_sn: Option<String> = TERMINAL_CLIENT_SN;
        name: Option<String> = NAME;
        os_info: Option<String> = OS_INFO;
        sdk_version: Option<String> = SDK_VERSION;
    }
}

call! {
    /// `POST /terminal/checkin`.
    CheckIn, CHECK_IN = "checkin", POST ["/terminal/checkin"], Terminal,
    "Replaces the terminal's key. The new key and the one just replaced are valid afterwards.", []
    {
        terminal_sn: Option<String> = super::row::Row {
            need: super::row::Need::No,
            note: "Taken from the Authorization header when absent",
            source: "C, R",
            ..TERMINAL_SN
        };
        device_id: String = DEVICE_ID.needed().note("Must be the one that was activated");
        os_info: Option<String> = OS_INFO;
        sdk_version: Option<String> = SDK_VERSION;
    }
}

call! {
    /// `POST /upay/v2/pay`: the till scans the payer's code.
    Pay, PAY = "pay", POST ["/upay/v2/pay"], Terminal,
    "Charges the payer behind a barcode. Held open while the payer types a PIN.", [PLACE]
    {
        terminal_sn: String = TERMINAL_SN;
        client_sn: String = CLIENT_SN;
        total_amount: u64 = TOTAL_AMOUNT;
        payway: Option<u16> = PAYWAY;
        dynamic_id: String = DYNAMIC_ID;
        subject: String = SUBJECT;
        operator: Option<String> = OPERATOR;
        description: Option<String> = DESCRIPTION;
        longitude: Option<String> = LONGITUDE;
        latitude: Option<String> = LATITUDE;
        device_id: Option<String> = DEVICE_ID;
        extended: Option<String> = EXTENDED;
        goods_details: Vec<GoodsDetail> = GOODS_DETAILS;
        reflect: Option<String> = REFLECT;
        notify_url: Option<String> = NOTIFY_URL;
    }
}

call! {
    /// `POST /upay/v2/precreate`: the payer scans the till's code.
    Precreate, PRECREATE = "precreate", POST ["/upay/v2/precreate"], Terminal,
    "Makes an order that the payer comes to: by QR code, in a WAP page or in a mini program.",
    [PLACE, Check::PayerForWap("payer_uid"), Check::Never("sub_payway", "1")]
    {
        terminal_sn: String = TERMINAL_SN;
        client_sn: String = CLIENT_SN;
        total_amount: u64 = TOTAL_AMOUNT;
        payway: Option<u16> = PAYWAY.needed().note("The provider");
        sub_payway: Option<u8> = SUB_PAYWAY;
        payer_uid: Option<String> = PAYER_UID;
        subject: String = SUBJECT;
        operator: Option<String> = OPERATOR;
        description: Option<String> = DESCRIPTION;
        longitude: Option<String> = LONGITUDE;
        latitude: Option<String> = LATITUDE;
        device_id: Option<String> = DEVICE_ID;
        extended: Option<String> = EXTENDED;
        goods_details: Vec<GoodsDetail> = GOODS_DETAILS;
        reflect: Option<String> = REFLECT;
        notify_url: Option<String> = NOTIFY_URL;
    }
}

call! {
    /// `POST /upay/v2/query`.
    Query, QUERY = "query", POST ["/upay/v2/query"], Terminal,
    "Tells how an order stands. Changes nothing.",
    [Check::AnyOf(&["sn", "client_sn", "refund_request_no"])]
    {
        terminal_sn: String = TERMINAL_SN;
        sn: Option<String> = SN;
        client_sn: Option<String> = CLIENT_SN_ASKED;
        refund_request_no: Option<String> = REFUND_REQUEST_NO
            .note("Without sn and client_sn: the order of this refund, and the refund")
            .source("C, R");
    }
}

call! {
    /// `POST /upay/v2/refund`.
    Refund, REFUND = "refund", POST ["/upay/v2/refund"], Terminal,
    "Gives a part of a paid order back, or all of it. Idempotent by refund_request_no.", [ORDER]
    {
        terminal_sn: String = TERMINAL_SN;
        sn: Option<String> = SN;
        client_sn: Option<String> = CLIENT_SN_ASKED;
        client_tsn: Option<String> = CLIENT_TSN;
        refund_request_no: String = REFUND_REQUEST_NO.needed();
        operator: Option<String> = OPERATOR.max(64);
        refund_amount: u64 = REFUND_AMOUNT;
        extended: Option<String> = EXTENDED;
        goods_details: Vec<GoodsDetail> = GOODS_DETAILS;
        reflect: Option<String> = REFLECT.source("C");
    }
}

call! {
    /// `POST /upay/v2/cancel` and `/upay/v2/revoke`: the same logic.
    Cancel, CANCEL = "cancel", POST ["/upay/v2/cancel", "/upay/v2/revoke"], Terminal,
    "Ends an unclear payment, or undoes a paid order on the day of its payment.", [ORDER]
    {
        terminal_sn: String = TERMINAL_SN;
        sn: Option<String> = SN;
        client_sn: Option<String> = CLIENT_SN_ASKED;
    }
}

call! {
    /// `GET /qr/gateway`: an order made by the payer's browser.
    Wap, WAP = "wap", GET ["/qr/gateway", "/gateway"], Terminal,
    "Makes an order in the payer's browser and leads it to the wallet and back.", [PLACE]
    {
        terminal_sn: String = TERMINAL_SN.note("The terminal whose key signed the link");
        client_sn: String = CLIENT_SN;
        total_amount: u64 = TOTAL_AMOUNT;
        subject: String = SUBJECT;
        payway: Option<u16> = PAYWAY.note("3 when absent").eg("3");
        operator: Option<String> = OPERATOR;
        description: Option<String> = DESCRIPTION;
        longitude: Option<String> = LONGITUDE;
        latitude: Option<String> = LATITUDE;
        extended: Option<String> = EXTENDED;
        goods_details: Vec<GoodsDetail> = GOODS_DETAILS;
        reflect: Option<String> = REFLECT;
        notify_url: Option<String> = NOTIFY_URL;
        return_url: String = RETURN_URL;
        sign: String = SIGN;
    }
}
