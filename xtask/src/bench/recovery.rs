//! From the start after kill -9 under load until the platform says that it is ready.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::ground::{Ground, Store};
use super::machine;
use super::options::Options;
use super::programs::{Programs, Server};

/// How often it is killed.
const KILLS: usize = 5;
/// How long there is load before.
const LOAD: Duration = Duration::from_secs(4);
/// How long a start may take at all.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(2);

/// Kills under payments and starts again, over tables of some size.
pub(crate) fn measure(programs: &Programs, options: &Options, store: Store) -> Result<Value> {
    let ground = Ground::filled(programs, store, options.prefill)?;
    let mut server = ground.sandbox(programs)?;
    let address = address(&server)?;
    let (mut ready_s, mut most) = (Vec::new(), 0);
    for kill in 1..=KILLS {
        eprintln!("measuring recovery, kill {kill} of {KILLS}");
        let load = Load::start(programs, options, &server)?;
        pause(LOAD);
        most = machine::resident_kib_most(server.process())?.max(most);
        server.kill()?;
        drop(load);
        let (started, seconds) = start_again(programs, &ground, &address)?;
        (server, ready_s) = (started, [ready_s, vec![seconds]].concat());
    }
    server.stop()?;
    Ok(json!({
        "orders_before": options.prefill,
        "ready_s": ready_s,
        "resident_kib_most": most,
    }))
}

/// Host and port.
fn address(server: &Server) -> Result<String> {
    let document = std::fs::read_to_string(&server.credentials)?;
    let document: Value = serde_json::from_str(&document)?;
    let url = document["base_url"].as_str().context("the credentials have no base_url")?;
    Ok(url.trim_start_matches("http://").to_owned())
}

/// Seconds from the call of the system to the first `/readyz` with status 200.
fn start_again(programs: &Programs, ground: &Ground, address: &str) -> Result<(Server, f64)> {
    #[expect(clippy::disallowed_methods, reason = "a start is measured in real time")]
    let begun = Instant::now();
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            while !is_ready(address) {
                if begun.elapsed() > PATIENCE {
                    bail!("it is not ready after {} s", PATIENCE.as_secs());
                }
                pause(PAUSE);
            }
            Ok(begun.elapsed().as_secs_f64())
        });
        let server = ground.sandbox_at(programs, address)?;
        let seconds = asking.join().ok().context("the asking thread panicked")??;
        Ok((server, seconds))
    })
}

fn is_ready(address: &str) -> bool {
    let asked = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request =
            format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b" 200"))
    };
    asked().unwrap_or(false)
}

#[expect(clippy::disallowed_methods, reason = "load for a while, and a pause between questions")]
fn pause(length: Duration) {
    thread::sleep(length);
}

/// Payments in a process of their own, until dropped.
struct Load(Child);

impl Load {
    fn start(programs: &Programs, options: &Options, server: &Server) -> Result<Self> {
        let mut command = Command::new(programs.release.join("causeway"));
        command.args(["bench", "upay-pay", "--json", "--duration", "600", "--credentials"]);
        command.arg(&server.credentials);
        command.args(["--connections", &options.connections.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn().context("the load cannot be started")?))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // One that ended by itself is no news.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
