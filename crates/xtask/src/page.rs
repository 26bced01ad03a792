//! Asking a server of ours whether it has the page, as a browser would.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The server is on this machine: what takes longer than this is not there yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a server answers to `GET /`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nobody listens, or nothing whole has come.
    Nothing,
    /// The page.
    Page,
    /// Something else, with this status.
    Other(u16),
}

/// Asks the server on this port for its page.
pub(crate) fn ask(port: u16) -> Answer {
    exchange(port).map_or(Answer::Nothing, |response| read(&response))
}

fn exchange(port: u16) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // In one piece: `write!` on a socket sends each part by itself.
    let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

fn read(response: &str) -> Answer {
    let status = response.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    match status {
        None => Answer::Nothing,
        Some(200) if response.to_ascii_lowercase().contains("<!doctype html") => Answer::Page,
        Some(code) => Answer::Other(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn only_the_page_itself_counts_as_the_page() {
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><html>"), Answer::Page);
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\nhello"), Answer::Other(200));
        assert_eq!(read("HTTP/1.1 404 Not Found\r\n\r\n"), Answer::Other(404));
        assert_eq!(read("SSH-2.0"), Answer::Nothing);
        assert_eq!(read(""), Answer::Nothing);
    }

    #[test]
    fn server_is_asked_over_the_wire() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            // Closing before all was read would reset the connection.
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<!doctype html>").unwrap();
            String::from_utf8(request).unwrap()
        });
        assert_eq!(ask(port), Answer::Page);
        assert!(server.join().unwrap().starts_with("GET / HTTP/1.1\r\n"));
        // The listener is gone now.
        assert_eq!(ask(port), Answer::Nothing);
    }
}
