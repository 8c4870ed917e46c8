//! Auto-debit: signing and closing a contract, debits under it, and the legs to the channel.

use super::envelope::NoMembers;
use super::rows::{
    ACQ_IIN, AMOUNT, BACK_URL, CHANNEL_CODE, CONTRACT_CODE, CONTRACT_ID, CURRENCY_CODE, FRONT_URL,
    INDUSTRY_CODE, MASKED_PAN, MER_ID, NOTIFY_COUNT, NOTIFY_ID, ORDER_DESC, ORDER_ID,
    ORIG_RESP_CODE, ORIG_RESP_MSG, QUERY_ID, REQ_RESERVED, SIGN_NO, SIGN_STATUS, SIGN_URL, TXN_AMT,
    TXN_TIME, USER_ID,
};
use crate::class::Class::{Ans, N};
use crate::field::Source::{D, S};
use crate::field::{Condition, Field, text};
use crate::form::Form;
use crate::message::Leg;
use crate::part::{message, part, presence, slot};

const SERVICE_NAME: Field =
    text("Service Name", Ans, 1, 50).note("Shown on the signing page").eg("ParkEasy");
const CONTRACT_DESC: Field = text("Contract Description", Ans, 1, 256)
    .note("Shown on the signing page")
    .eg("Parking fees, charged when you leave");
const SINGLE_LIMIT: Field = AMOUNT.named("Limit of One Debit").note("Minor units").eg("20000");
const DAILY_LIMIT: Field = AMOUNT.named("Limit of One Day").note("Minor units").eg("50000");
const EXPIRY_DATE: Field = text("Expiry Date", N, 8, 8)
    .form(Form::Date)
    .note("Last day of the contract, YYYYMMDD")
    .eg("20271231");
const CLOSE_REASON: Field = text("Closing Reason", Ans, 1, 100).eg("Card changed");
const CLOSED: Field = SIGN_STATUS.values(&[("CLOSED", "ended")]).eg("CLOSED");
const CLOSE_TIME: Field = text("Closing Time", N, 14, 14).form(Form::DateTime).eg("20260105103000");
const LIMIT_CURRENCY: Field = CURRENCY_CODE.note("Of the limits; ISO 4217 numeric");

part! {
    /// `trxInfo` of `SIGN_AUTO_DEBIT`.
    SignAutoDebit {
        contract_code "contractCode" M (CONTRACT_CODE);
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        service_name "serviceName" O (SERVICE_NAME);
        contract_desc "contractDesc" O (CONTRACT_DESC);
        single_limit "singleLimit" O (SINGLE_LIMIT);
        daily_limit "dailyLimit" O (DAILY_LIMIT);
        currency_code "currencyCode" O (LIMIT_CURRENCY.source(D));
        expiry_date "expiryDate" O (EXPIRY_DATE);
        front_url "frontUrl" M (FRONT_URL.note(
            "The browser returns here with signNo, contractCode and status, for display only"));
        back_url "backUrl" M (BACK_URL.note("Where SIGN_AUTO_DEBIT_NOTICE is posted"));
    }
}

part! {
    /// `trxInfo` of the answer to `SIGN_AUTO_DEBIT`.
    SignAutoDebitAnswer {
        sign_no "signNo" C (SIGN_NO.on_approval());
        sign_url "signUrl" C (SIGN_URL.on_approval());
    }
}

message! {
    /// The service asks its user to sign a contract.
    SIGN_AUTO_DEBIT: SignAutoDebit => SignAutoDebitAnswer, D, "Sign auto-debit",
    "The service asks its user to sign a contract; the browser then goes to the channel's signing \
     page through the platform.",
    [Leg::industry("/ucsp/industry/v1/signautodebit")],
    declared
}

part! {
    /// `trxInfo` of `SIGN_AUTO_DEBIT_NOTICE`.
    SignAutoDebitNotice where [
        Condition::When { field: "signStatus", is: &["SIGNED"], needed: "contractId" },
    ] {
        contract_id "contractId" C (CONTRACT_ID.note("On success"));
        sign_status "signStatus" M (SIGN_STATUS);
        sign_no "signNo" R (SIGN_NO);
        contract_code "contractCode" R (CONTRACT_CODE);
        mer_id "merId" R (MER_ID);
        channel_code "channelCode" R (CHANNEL_CODE);
        user_id "userId" R (USER_ID);
        sign_time "signTime" M (text("Signing Time", N, 14, 14).form(Form::DateTime)
            .note("When the status was reached").eg("20260105103000"));
        masked_pan "maskedPan" O (MASKED_PAN);
        notify_id "notifyId" M (NOTIFY_ID);
        notify_count "notifyCount" M (NOTIFY_COUNT);
    }
}

message! {
    /// The result of a signing, or the end of a contract.
    SIGN_AUTO_DEBIT_NOTICE: SignAutoDebitNotice => NoMembers, D, "Sign auto-debit notice",
    "The platform tells the result of a signing, or that the user ended the contract in the \
     channel's App. Repeated and confirmed as PAYMENT_RESULT_NOTICE.",
    [Leg::notice("backUrl of the contract")],
    declared
}

part! {
    /// `trxInfo` of `CLOSE_AUTO_DEBIT`.
    CloseAutoDebit {
        contract_id "contractId" M (CONTRACT_ID);
        mer_id "merId" M (MER_ID);
        close_reason "closeReason" O (CLOSE_REASON);
    }
}

part! {
    /// `trxInfo` of the answer to `CLOSE_AUTO_DEBIT`.
    CloseAutoDebitAnswer {
        contract_id "contractId" R (CONTRACT_ID);
        sign_status "signStatus" C (CLOSED.on_approval());
        close_time "closeTime" C (CLOSE_TIME.on_approval());
    }
}

message! {
    /// The service ends a contract.
    CLOSE_AUTO_DEBIT: CloseAutoDebit => CloseAutoDebitAnswer, D, "Close auto-debit",
    "The service ends a contract; the platform passes it on to the channel and answers when the \
     channel has. Closing twice is 00 again.",
    [Leg::industry("/ucsp/industry/v1/closeautodebit")],
    declared
}

part! {
    /// `trxInfo` of `SUBMIT_AUTO_DEBIT`.
    SubmitAutoDebit {
        contract_id "contractId" M (CONTRACT_ID);
        order_id "orderId" M (ORDER_ID);
        txn_time "txnTime" M (TXN_TIME);
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
        txn_amt "txnAmt" M (TXN_AMT);
        currency_code "currencyCode" M (CURRENCY_CODE);
        order_desc "orderDesc" O (ORDER_DESC);
        back_url "backUrl" O (BACK_URL);
        req_reserved "reqReserved" O (REQ_RESERVED);
    }
}

part! {
    /// `trxInfo` of the answer to `SUBMIT_AUTO_DEBIT`.
    SubmitAutoDebitAnswer {
        order_id "orderId" R (ORDER_ID);
        txn_time "txnTime" R (TXN_TIME);
        query_id "queryId" C (QUERY_ID);
    }
}

message! {
    /// The service debits under a contract, without the user.
    SUBMIT_AUTO_DEBIT: SubmitAutoDebit => SubmitAutoDebitAnswer, D, "Submit auto-debit",
    "The service debits under a contract, without the user. Normally answered 05, 00 if final at \
     once, 01 if refused (errorDetail says which limit or state); the result comes by notice.",
    [Leg::industry("/ucsp/industry/v1/submitautodebit")],
    declared
}

part! {
    /// Request of `AUTO_DEBIT_SIGN`, to the channel.
    AutoDebitSign {
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        industry_code "industryCode" M (INDUSTRY_CODE);
        sign_no "signNo" M (SIGN_NO);
        service_name "serviceName" O (SERVICE_NAME);
        contract_desc "contractDesc" O (CONTRACT_DESC);
        single_limit "singleLimit" O (SINGLE_LIMIT);
        daily_limit "dailyLimit" O (DAILY_LIMIT);
        currency_code "currencyCode" O (LIMIT_CURRENCY.source(D));
        expiry_date "expiryDate" O (EXPIRY_DATE);
        front_url "frontUrl" M (FRONT_URL.source(D)
            .note("Address of the platform that the channel's page returns to")
            .eg("https://ucsp.example/ucsp/channel/v1/signed"));
    }
}

part! {
    /// Answer of `AUTO_DEBIT_SIGN`.
    AutoDebitSignAnswer {
        sign_no "signNo" R (SIGN_NO);
        sign_url "signUrl" C (SIGN_URL.on_approval().note("Signing page of the channel")
            .eg("https://harbour.example/sign/0d5be2d1"));
        contract_id "contractId" C (CONTRACT_ID.source(S)
            .note("If the user has signed already").eg(""));
        sign_status "signStatus" C (SIGN_STATUS.note("If the signing has ended already").eg(""));
        masked_pan "maskedPan" O (MASKED_PAN);
    }
}

message! {
    /// The platform opens a signing at the channel.
    AUTO_DEBIT_SIGN: AutoDebitSign => AutoDebitSignAnswer, D, "Auto-debit signing (channel leg)",
    "The platform opens a signing at the channel and gets the address of its signing page; asked \
     again with the same signNo, the channel answers how the signing ended.",
    [Leg::to_channel("/ucsp/v1/autodebitsign")],
    declared
}

part! {
    /// Request of `AUTO_DEBIT_CLOSE`, to the channel.
    AutoDebitClose {
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        industry_code "industryCode" M (INDUSTRY_CODE);
        contract_id "contractId" M (CONTRACT_ID);
        close_reason "closeReason" O (CLOSE_REASON);
    }
}

part! {
    /// Answer of `AUTO_DEBIT_CLOSE`.
    AutoDebitCloseAnswer {
        contract_id "contractId" R (CONTRACT_ID);
        sign_status "signStatus" C (CLOSED.on_approval());
        close_time "closeTime" C (CLOSE_TIME);
    }
}

message! {
    /// The platform ends a contract at the channel.
    AUTO_DEBIT_CLOSE: AutoDebitClose => AutoDebitCloseAnswer, D,
    "Auto-debit closing (channel leg)",
    "The platform ends a contract at the channel. Closing twice is 00 again.",
    [Leg::to_channel("/ucsp/v1/autodebitclose")],
    declared
}

part! {
    /// Request of `AUTO_DEBIT_PAY`, to the channel.
    AutoDebitPay {
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        industry_code "industryCode" M (INDUSTRY_CODE);
        contract_id "contractId" M (CONTRACT_ID);
        query_id "queryId" M (QUERY_ID);
        order_id "orderId" M (ORDER_ID);
        txn_time "txnTime" M (TXN_TIME);
        txn_amt "txnAmt" M (TXN_AMT);
        currency_code "currencyCode" M (CURRENCY_CODE);
        order_desc "orderDesc" O (ORDER_DESC);
    }
}

part! {
    /// Answer of `AUTO_DEBIT_PAY`.
    AutoDebitPayAnswer {
        query_id "queryId" R (QUERY_ID);
        contract_id "contractId" R (CONTRACT_ID);
        orig_resp_code "origRespCode" C (ORIG_RESP_CODE);
        orig_resp_msg "origRespMsg" C (ORIG_RESP_MSG);
        masked_pan "maskedPan" O (MASKED_PAN);
    }
}

message! {
    /// The platform debits at the channel.
    AUTO_DEBIT_PAY: AutoDebitPay => AutoDebitPayAnswer, D, "Auto-debit payment (channel leg)",
    "The platform debits under a contract at the channel; 05 while the result is unknown.",
    [Leg::to_channel("/ucsp/v1/autodebitpay")],
    declared
}
