//! An element of `goods_details` (`upay.md` 5.7).

use super::rows::{GOODS_ID, GOODS_NAME, PRICE, PROMOTION_TYPE, QUANTITY};
use super::table::table;

table! {
    /// One line of what is sold.
    GoodsDetail {
        goods_id: String = GOODS_ID;
        goods_name: String = GOODS_NAME;
        quantity: String = QUANTITY;
        price: String = PRICE;
        promotion_type: Option<u8> = PROMOTION_TYPE;
    }
}
