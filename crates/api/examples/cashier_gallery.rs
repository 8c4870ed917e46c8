//! Serves the cashier's pages with sample data: `cashier_gallery [ADDRESS:PORT]`, by default
//! `127.0.0.1:8099`.

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8099".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, causeway_api::gallery::router()).await
}
