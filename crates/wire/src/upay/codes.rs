//! The enumerations of the dialect (`upay.md` section 10). The Chinese texts are protocol values.

/// Declares a closed list of codes with their texts.
macro_rules! codes {
    (
        $(#[$doc:meta])*
        $name:ident { $( $variant:ident = $code:literal, $message:literal; )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(
                #[doc = concat!("`", $code, "`: ", $message)]
                $variant,
            )*
        }

        impl $name {
            /// All of them, in the order of the specification.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// The text that goes with it.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $( Self::$variant => $message, )* }
            }

            /// The one with this code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $( $code => Some(Self::$variant), )* _ => None }
            }
        }
    };
}

codes! {
    /// `error_code` beside a top-level `result_code` of 400 or 500 (10.1).
    Trouble {
        InvalidParams = "INVALID_PARAMS", "参数错误";
        InvalidTerminal = "INVALID_TERMINAL", "终端错误";
        IllegalSign = "ILLEGAL_SIGN", "签名错误";
        UnknownSystemError = "UNKNOWN_SYSTEM_ERROR", "未知的系统错误";
        MaintenanceInprogress = "MAINTENANCE_INPROGRESS", "服务端正在升级维护，稍候5分钟";
    }
}

impl Trouble {
    /// The top-level `result_code` that goes with it.
    #[must_use]
    pub const fn result_code(self) -> &'static str {
        match self {
            Self::InvalidParams | Self::InvalidTerminal | Self::IllegalSign => "400",
            Self::UnknownSystemError | Self::MaintenanceInprogress => "500",
        }
    }
}

codes! {
    /// `biz_response.result_code` (10.2).
    BizResult {
        PaySuccess = "PAY_SUCCESS", "paid";
        PayFail = "PAY_FAIL", "refused for certain, or timed out and reversed";
        PayFailError = "PAY_FAIL_ERROR", "unknown: a support case";
        PayInProgress = "PAY_IN_PROGRESS", "the payer is asked: query";
        PayFailInProgress = "PAY_FAIL_IN_PROGRESS", "being reversed: query";
        PrecreateSuccess = "PRECREATE_SUCCESS", "the order waits for the payer";
        PrecreateFail = "PRECREATE_FAIL", "refused by the provider";
        PrecreateFailError = "PRECREATE_FAIL_ERROR", "unknown: a support case";
        PrecreateFailInProgress = "PRECREATE_FAIL_IN_PROGRESS", "being ended: query";
        RefundSuccess = "REFUND_SUCCESS", "given back";
        RefundError = "REFUND_ERROR", "unknown: repeat with the same refund_request_no";
        RefundFail = "REFUND_FAIL", "refused by the provider";
        RefundInProgress = "REFUND_IN_PROGRESS", "taken on: query";
        CancelSuccess = "CANCEL_SUCCESS", "given back";
        CancelError = "CANCEL_ERROR", "unknown: repeat";
        CancelInProgress = "CANCEL_IN_PROGRESS", "taken on: query";
        CancelAbortSuccess = "CANCEL_ABORT_SUCCESS", "the open payment was ended";
        CancelAbortError = "CANCEL_ABORT_ERROR", "the open payment could not be ended for certain";
        CancelAbortInProgress = "CANCEL_ABORT_IN_PROGRESS", "the open payment is being ended";
        Success = "SUCCESS", "done";
        Fail = "FAIL", "refused, the order is untouched";
    }
}

codes! {
    /// `order_status` (10.3).
    OrderStatus {
        Created = "CREATED", "waits for the payer";
        Paid = "PAID", "paid";
        PayCanceled = "PAY_CANCELED", "not paid, and never will be";
        PayError = "PAY_ERROR", "whether it is paid is unknown";
        Refunded = "REFUNDED", "all given back";
        PartialRefunded = "PARTIAL_REFUNDED", "a part given back";
        RefundError = "REFUND_ERROR", "whether a refund was made is unknown";
        Canceled = "CANCELED", "ended by the caller";
        CancelError = "CANCEL_ERROR", "whether the cancellation was made is unknown";
        CancelInprogress = "CANCEL_INPROGRESS", "being ended by the caller";
        InvalidStatusCode = "INVALID_STATUS_CODE", "not told by this platform";
    }
}

codes! {
    /// `status` of the latest transaction (10.4).
    TransactionStatus {
        Success = "SUCCESS", "done";
        InProg = "IN_PROG", "under way";
        FailCanceled = "FAIL_CANCELED", "refused for certain, or timed out and reversed";
        FailError = "FAIL_ERROR", "unknown: the reversal failed";
        FailIo1 = "FAIL_IO_1", "unknown: the payment call got no answer";
        FailIo2 = "FAIL_IO_2", "unknown: the reversal got no answer";
        FailIo3 = "FAIL_IO_3", "unknown: the inquiry of the reversal got no answer";
        FailProtocol1 = "FAIL_PROTOCOL_1", "unknown: the payment call got an odd answer";
        FailProtocol2 = "FAIL_PROTOCOL_2", "unknown: the reversal got an odd answer";
        FailProtocol3 = "FAIL_PROTOCOL_3", "unknown: the inquiry got an odd answer";
        CancelError = "CANCEL_ERROR", "the cancellation is unknown";
        RefundError = "REFUND_ERROR", "the refund is unknown";
        Created = "CREATED", "not told by this platform";
    }
}

codes! {
    /// `biz_response.error_code` (10.8).
    BizError {
        InvalidBarcode = "INVALID_BARCODE", "不合法的支付条码";
        InsufficientFund = "INSUFFICIENT_FUND", "账户金额不足";
        ExpiredBarcode = "EXPIRED_BARCODE", "过期的支付条码";
        BuyerOverDailyLimit = "BUYER_OVER_DAILY_LIMIT", "付款人当日付款金额超过上限";
        BuyerOverTransactionLimit = "BUYER_OVER_TRANSACTION_LIMIT", "付款人单笔付款金额超过上限";
        SellerOverDailyLimit = "SELLER_OVER_DAILY_LIMIT", "收款账户当日收款金额超过上限";
        TradeNotExist = "TRADE_NOT_EXIST", "交易不存在";
        TradeHasSuccess = "TRADE_HAS_SUCCESS", "交易已被支付";
        SellerBalanceNotEnough = "SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足";
        RefundAmtNotEqualTotal = "REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额无效";
        TradeFailed = "TRADE_FAILED", "交易失败";
        UnexpectedProviderError = "UNEXPECTED_PROVIDER_ERROR", "不认识的支付通道";
        TradeTimeout = "TRADE_TIMEOUT", "交易超时自动撤单";
        AccountBalanceNotEnough = "ACCOUNT_BALANCE_NOT_ENOUGH", "商户余额不足";
        ClientSnConflict = "CLIENT_SN_CONFLICT", "client_sn在系统中已存在";
        UpayOrderNotExists = "UPAY_ORDER_NOT_EXISTS", "订单不存在";
        RefundableAmountNotEnough = "REFUNDABLE_AMOUNT_NOT_ENOUGH", "订单可退金额不足";
        UpayTerminalNotExists = "UPAY_TERMINAL_NOT_EXISTS", "终端号在交易系统中不存在";
        UpayTerminalStatusAbnormal = "UPAY_TERMINAL_STATUS_ABNORMAL", "终端未激活";
        UpayCancelOrderNoop = "UPAY_CANCEL_ORDER_NOOP", "无效操作，订单已经是撤单状态了";
        UpayCancelInvalidOrderState = "UPAY_CANCEL_INVALID_ORDER_STATE", "当前订单状态不可撤销";
        UpayRefundOrderNoop = "UPAY_REFUND_ORDER_NOOP", "无效操作，本次退款退款已经完成了";
        UpayRefundInvalidOrderState = "UPAY_REFUND_INVALID_ORDER_STATE", "当前订单状态不可退款";
        UpayStoreOverDailyLimit = "UPAY_STORE_OVER_DAILY_LIMIT", "商户日收款额超过上限";
        UpayTcpOrderNotRefundable = "UPAY_TCP_ORDER_NOT_REFUNDABLE", "订单参与了活动并且无法撤销";
    }
}

codes! {
    /// `payway` (10.5).
    Provider {
        Alipay = "1", "Alipay";
        AlipaySecond = "2", "Alipay";
        WeChat = "3", "WeChat Pay";
        Baidu = "4", "Baidu wallet";
        Jd = "5", "JD";
        Qq = "6", "QQ wallet";
        Nfc = "7", "NFC";
        Lakala = "8", "Lakala wallet";
        CmPay = "9", "CMPay";
        LakalaWeChat = "15", "Lakala WeChat";
        Cmb = "16", "China Merchants Bank";
        UnionPay = "17", "UnionPay QR";
        BestPay = "18", "BestPay";
        WeChatOverseas = "19", "WeChat Pay overseas";
        StoredValue = "100", "stored value";
    }
}

codes! {
    /// `sub_payway` (10.6).
    PayForm {
        Barcode = "1", "barcode";
        Qr = "2", "QR code";
        Wap = "3", "WAP page";
        MiniProgram = "4", "mini program";
        App = "5", "app";
        H5 = "6", "H5";
    }
}
