//! What can be wrong with the fields of a request, and how it is said to a till.
//!
//! The words follow the published samples and are joined by a full-width semicolon (`upay.md`
//! 5.6). A fault names the field and the rule, never the value.

use std::fmt;

use crate::limits::FAULTS_KEPT_MAX;

/// The rule that a field breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Needed, and absent, null or "".
    Empty,
    /// More bytes than this.
    TooManyBytes(usize),
    /// More characters than this.
    TooManyCharacters(usize),
    /// Not digits only, or more than this.
    NotDigits(usize),
    /// Not a number, or one of more digits than this.
    NotNumber(usize),
    /// No amount of 1 to 10 digits.
    NotAmount,
    /// An amount below zero.
    Negative,
    /// An amount of zero.
    Zero,
    /// Not a text.
    NotText,
    /// Not an object, nor the JSON text of one.
    NotObject,
    /// Not an array of objects, nor the JSON text of one.
    NotArray,
    /// An array of more elements than this.
    TooManyElements(usize),
    /// More keys than allowed, or a key or value that is too long.
    ExtendedTooLarge,
    /// A control character.
    ControlCharacter,
    /// A text with the number of a card in it ([`crate::card_number`]).
    CardNumber,
    /// The member stands twice.
    Twice,
    /// The member has a value that this call does not have.
    Never(&'static str),
    /// None of these members is there.
    NoneOf(&'static [&'static str]),
    /// Only one of two that belong together is there.
    Apart(&'static str),
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("不可以为空"),
            Self::TooManyBytes(max) => write!(out, "长度不可以超过{max}字节"),
            Self::TooManyCharacters(max) => write!(out, "长度不可以超过{max}个字符"),
            Self::NotDigits(max) => write!(out, "只能为数字，长度不超过{max}位"),
            Self::NotNumber(max) => write!(out, "为数字，长度不超过{max}位"),
            Self::NotAmount => out.write_str("金额为整数，长度不超过10位，以分为单位"),
            Self::Negative => out.write_str("不可以为负数"),
            Self::Zero => out.write_str("必须大于0"),
            Self::NotText => out.write_str("类型必须为字符串"),
            Self::NotObject => out.write_str("类型必须为JSON对象"),
            Self::NotArray => out.write_str("类型必须为JSON数组"),
            Self::TooManyElements(max) => write!(out, "不可以超过{max}项"),
            Self::ExtendedTooLarge => {
                out.write_str("不可以超过24个字段，字段名不超过64字节，字段值不超过256字节")
            }
            Self::ControlCharacter => out.write_str("不可以包含控制字符"),
            Self::CardNumber => out.write_str("不可以包含银行卡号"),
            Self::Twice => out.write_str("重复"),
            Self::Never(value) => write!(out, "不可以为{value}"),
            Self::NoneOf(_) => out.write_str("不可以同时为空"),
            Self::Apart(other) => write!(out, "和{other}必须同时提供"),
        }
    }
}

/// One fault: where, and which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The member, as in `goods_details[2].price`.
    pub path: String,
    /// The rule that failed there.
    pub rule: Rule,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.path, self.rule)
    }
}

/// All faults of one request, in the order of the declaration, at most [`FAULTS_KEPT_MAX`].
/// Its `Display` is the `error_message` of `INVALID_PARAMS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The faults that were kept.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    pub(super) fn push(&mut self, path: String, rule: Rule) {
        if self.0.len() < FAULTS_KEPT_MAX {
            self.0.push(Fault { path, rule });
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                out.write_str("；")?;
            }
            write!(out, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
