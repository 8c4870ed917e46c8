//! Login, language and leaving. It is a sandbox: a user is picked, no password is asked for.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::pages::{LoginPage, Person};
use super::{Bank, Shared};
use crate::reply::Answered;
use crate::web::{Lang, see_other};

/// A form that only says where it came from.
#[derive(Deserialize)]
pub(super) struct Bare {
    #[serde(default)]
    pub(super) csrf: String,
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    user: String,
}

#[derive(Deserialize)]
pub(super) struct Language {
    #[serde(default)]
    csrf: String,
    #[serde(default, rename = "language")]
    tag: String,
    #[serde(default)]
    back: String,
}

impl Bank {
    /// The users to pick from.
    pub(super) fn people(&self) -> Vec<Person> {
        let person = |account: &super::Account| Person {
            user_id: account.user.user_id.clone(),
            name: account.user.name.clone(),
            initials: account.initials(),
            mobile: account.masked_mobile(),
        };
        self.accounts.iter().map(person).collect()
    }
}

pub(super) async fn show(State(bank): Shared, headers: HeaderMap) -> Response {
    let (session, cookie) = bank.any_session(&headers);
    let page = LoginPage { f: bank.frame(&session, "login"), people: bank.people() };
    let response = bank.site.page(StatusCode::OK, &page);
    match cookie {
        Some(cookie) => cookie.on(response),
        None => response,
    }
}

pub(super) async fn submit(
    State(bank): Shared,
    headers: HeaderMap,
    Form(form): Form<Login>,
) -> Answered {
    let Some(session) = bank.site.session(&headers) else {
        return Err(see_other(&bank.url("/login")).into());
    };
    if !session.sent(&form.csrf) {
        return Err(bank.stale_form(&session).into());
    }
    if bank.account(&form.user).is_none() {
        return Err(see_other(&bank.url("/login")).into());
    }
    // A fresh session, so that nobody can have planted the old one.
    bank.site.end(&session.id);
    let (_, cookie) = bank.site.begin(Some(form.user), session.lang);
    Ok(cookie.on(see_other(&bank.home())))
}

pub(super) async fn leave(
    State(bank): Shared,
    headers: HeaderMap,
    Form(form): Form<Bare>,
) -> Answered {
    let (session, _) = bank.submitted(&headers, &form.csrf)?;
    bank.site.end(&session.id);
    Ok(see_other(&bank.url("/login")))
}

pub(super) async fn language(
    State(bank): Shared,
    headers: HeaderMap,
    Form(form): Form<Language>,
) -> Answered {
    let Some(session) = bank.site.session(&headers) else {
        return Err(see_other(&bank.url("/login")).into());
    };
    if !session.sent(&form.csrf) {
        return Err(bank.stale_form(&session).into());
    }
    bank.site.change(&session.id, |session| session.lang = Lang::of(&form.tag));
    let next = match form.back.as_str() {
        "login" | "cards" | "payments" | "connections" => bank.url(&format!("/{}", form.back)),
        _ => bank.home(),
    };
    Ok(see_other(&next))
}
