//! Which port a server of ours may use.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use crate::say;
use crate::stop::Stop;

/// How many ports above the wanted one are tried before giving up.
const REACH: u16 = 100;

/// `wanted`, or the next free port above it; a change is said.
pub(crate) fn choose(wanted: u16) -> Result<u16, Stop> {
    let port = first_free(wanted)?;
    if port != wanted {
        say::line(&format!("Port {wanted} is taken; using {port}."));
    }
    Ok(port)
}

/// A port as typed by a person.
pub(crate) fn parse(text: &str) -> Result<u16, Stop> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Stop::Usage(format!("--port takes a number from 1 to 65535, not `{text}`."))),
    }
}

fn first_free(wanted: u16) -> Result<u16, Stop> {
    let last = wanted.saturating_add(REACH);
    for port in wanted..=last {
        if is_free(port)? {
            return Ok(port);
        }
    }
    Err(Stop::Failed(format!("Every port from {wanted} to {last} is taken; choose another with --port.")))
}

fn is_free(port: u16) -> Result<bool, Stop> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // Some systems let us bind 127.0.0.1 beside a server that listens on all addresses, so asking is part of it.
    if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
        return Ok(false);
    }
    match TcpListener::bind(address) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Ok(false),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(Stop::Failed(format!("Port {port} is reserved by the system; choose one above 1023 with --port.")))
        }
        Err(error) => Err(Stop::Failed(format!("Port {port} cannot be used: {error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_port_is_used_as_it_is() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert_eq!(first_free(port), Ok(port));
    }

    #[test]
    fn taken_port_gives_way_to_a_later_one() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        // The highest port has none above it; the system hands that one out next to never.
        assert!(first_free(taken).unwrap() > taken);
    }

    #[test]
    fn port_on_all_addresses_counts_as_taken() {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert_eq!(is_free(taken), Ok(false));
    }

    #[test]
    fn port_must_be_a_port() {
        assert_eq!(parse("8080"), Ok(8080));
        assert_eq!(parse("65535"), Ok(65535));
        for bad in ["0", "65536", "-1", "http", "", "80 80"] {
            let error = parse(bad).unwrap_err();
            assert_eq!(error, Stop::Usage(format!("--port takes a number from 1 to 65535, not `{bad}`.")));
            assert_eq!(error.exit_code(), 2);
        }
    }
}
