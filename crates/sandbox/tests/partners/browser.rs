//! A browser without a screen: cookies, forms, no redirects of its own.

use egress::{Client, Request, Response};

pub(crate) struct Browser {
    client: Client,
    cookie: Option<String>,
}

/// A page as it came.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) policy: String,
    pub(crate) text: String,
}

impl Page {
    /// The token of the forms of this page.
    pub(crate) fn csrf(&self) -> String {
        self.field("csrf")
    }

    /// The value of a hidden member of a form.
    pub(crate) fn field(&self, name: &str) -> String {
        let after = self.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        after.split_once('"').unwrap().0.to_owned()
    }

    /// Fails when the page needs anything that its policy forbids.
    pub(crate) fn assert_strict(&self) {
        assert!(self.policy.starts_with("default-src 'none'"), "{}", self.policy);
        assert!(!self.policy.contains("unsafe"), "{}", self.policy);
        for inline in ["<script", "<style", " style=", " onclick", "javascript:"] {
            assert!(!self.text.contains(inline), "{inline} in {}", self.text);
        }
    }
}

impl Browser {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.clone(), cookie: None }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Page {
        self.send(Request::get(url)).await
    }

    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(url, body).header("Content-Type", "application/x-www-form-urlencoded");
        self.send(request).await
    }

    async fn send(&mut self, request: Request) -> Page {
        let request = match &self.cookie {
            Some(cookie) => request.header("Cookie", cookie.clone()),
            None => request,
        };
        let response: Response = self.client.send(request).await.unwrap();
        if let Some(cookie) = response.header("set-cookie") {
            assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Page {
            status: response.status,
            location: response.header("location").map(str::to_owned),
            policy: response.header("content-security-policy").unwrap_or_default().to_owned(),
            text: String::from_utf8(response.body.to_vec()).unwrap(),
        }
    }
}
