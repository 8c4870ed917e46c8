//! The flows between the parties, as sequence diagrams in text.

/// A flow: title, what it achieves, its steps in Mermaid.
pub(crate) struct Flow {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) diagram: &'static str,
}

/// All flows, in the order in which a newcomer needs them.
pub(crate) const FLOWS: [Flow; 6] = [
    Flow {
        title: "Authorized login",
        text: "The user is logged in at the channel's App and taps the icon of a service. Either \
               the channel sends CHANNEL_LOGIN_INFO, or it sends the browser to the authorization \
               address and the platform gets the user by OAuth 2.0.",
        diagram: "sequenceDiagram
    participant B as Browser
    participant C as Channel
    participant P as Platform
    participant I as Industry service
    alt by message
        C->>P: CHANNEL_LOGIN_INFO
        P-->>C: industryUrl
        C->>B: open industryUrl
        B->>P: GET industryUrl
    else by OAuth 2.0
        B->>P: GET AUTHORIZATION_URL
        P->>B: to the channel's authorization page
        B->>P: callback with code
        P->>C: code for user
    end
    P->>B: redirect with INDUSTRY_LOGIN_INFO
    B->>I: GET INDUSTRY_INDEX_URL?request_data=...
    I->>I: verify the signature, log the user in",
    },
    Flow {
        title: "Card information",
        text: "Masked numbers and identifiers first; the payload of the chosen card afterwards, \
               encrypted for the asker.",
        diagram: "sequenceDiagram
    participant I as Industry service
    participant P as Platform
    participant C as Channel
    I->>P: GET_CARD_LIST
    P->>C: getcardlist
    C-->>P: cardList
    P-->>I: cardList
    I->>P: GET_CARD_PAYLOAD
    P->>C: getcardpayload
    C-->>P: encData for the platform
    P-->>I: encData for the service",
    },
    Flow {
        title: "Front-end payment",
        text: "What the browser brings back is never proof: the notice or an inquiry is.",
        diagram: "sequenceDiagram
    participant B as Browser
    participant I as Industry service
    participant P as Platform
    participant D as Downstream
    participant C as Channel
    I->>P: SUBMIT_PAYMENT_ORDER
    P->>D: place the order
    P-->>I: 00 with tn and paymentUrl
    I->>B: to paymentUrl
    B->>P: cashier: choose a card, confirm
    P->>D: pay
    D-->>P: final result
    P->>I: PAYMENT_RESULT_NOTICE
    P->>C: PAYMENT_RESULT_NOTICE
    opt no notice in time
        I->>P: PAYMENT_RESULT_INQUIRY
        P-->>I: txnStatus
    end",
    },
    Flow {
        title: "Cancellation and refund",
        text: "Normally answered 05; the notice, or REFUND_RESULT_INQUIRY, tells the end.",
        diagram: "sequenceDiagram
    participant I as Industry service
    participant P as Platform
    participant D as Downstream
    I->>P: PAYMENT_CANCELLATION or PAYMENT_REFUND
    P-->>I: 05
    P->>D: reverse
    D-->>P: final result
    P->>I: PAYMENT_RESULT_NOTICE (txnType 31 or 04)
    opt no notice in time
        I->>P: REFUND_RESULT_INQUIRY
        P-->>I: txnStatus
    end",
    },
    Flow {
        title: "Auto-debit",
        text: "The user signs once at the channel; later debits need no user.",
        diagram: "sequenceDiagram
    participant B as Browser
    participant I as Industry service
    participant P as Platform
    participant C as Channel
    I->>P: SIGN_AUTO_DEBIT
    P->>C: autodebitsign
    P-->>I: signUrl
    B->>C: the user signs
    B->>I: back to frontUrl, for display only
    P->>I: SIGN_AUTO_DEBIT_NOTICE with contractId
    I->>P: SUBMIT_AUTO_DEBIT
    P-->>I: 05
    P->>C: autodebitpay
    P->>I: PAYMENT_RESULT_NOTICE
    I->>P: CLOSE_AUTO_DEBIT
    P->>C: autodebitclose
    P-->>I: CLOSED",
    },
    Flow {
        title: "Exchange of keys",
        text: "Old and new certificates overlap, so that no lost message locks a partner out.",
        diagram: "sequenceDiagram
    participant A as Partner
    participant P as Platform
    A->>P: KEY_INQUIRY_EXCHANGE, signed with the current key
    P-->>A: newer certificates of the platform, if any
    A->>P: KEY_RESET_RESULT with the accepted ids
    P-->>A: 00",
    },
];
