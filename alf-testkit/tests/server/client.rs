//! A raw HTTP/1.1 client on one connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use alf_testkit::{AuthorizationServer, ScriptedServer};

pub(crate) const FORM: &str =
    "grant_type=client_credentials&client_id=client-id&client_secret=secret";

pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Returns the token of a token response.
    pub(crate) fn token(&self) -> String {
        let (_, after) = self.text().split_once(r#""access_token":""#).unwrap();
        after.split_once('"').unwrap().0.to_owned()
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn to(server: &ScriptedServer) -> Self {
        Self::connect(server.address())
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn shutdown(&self) {
        self.stream.shutdown(Shutdown::Both).unwrap();
    }

    pub(crate) fn get(&mut self, path: &str, token: &str) -> Response {
        self.send(get(path, token));
        self.response()
    }

    pub(crate) fn post_token(&mut self, headers: &str, form: &str) -> Response {
        self.send(token_request(headers, form));
        self.response()
    }

    /// Returns one response by its Content-Length or chunks; panics if the connection ends before.
    pub(crate) fn response(&mut self) -> Response {
        self.try_response(true).expect("a whole response")
    }

    pub(crate) fn response_to_head(&mut self) -> Response {
        self.try_response(false).expect("a head")
    }

    /// Returns everything until the server closes the connection, cleanly or not.
    pub(crate) fn until_closed(&mut self) -> Vec<u8> {
        while self.read() > 0 {}
        std::mem::take(&mut self.buffer)
    }

    fn try_response(&mut self, with_body: bool) -> Option<Response> {
        let end = loop {
            if let Some(at) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            if self.read() == 0 {
                return None;
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut response = Response {
            status,
            head,
            body: Vec::new(),
        };
        if !with_body || status < 200 || status == 204 {
            return Some(response);
        }
        if response.header("transfer-encoding").is_some() {
            loop {
                let size = usize::from_str_radix(self.line()?.trim(), 16).unwrap();
                let chunk = self.exactly(size)?;
                response.body.extend(chunk);
                self.line()?;
                if size == 0 {
                    return Some(response);
                }
            }
        }
        let length = response.header("content-length").unwrap().parse().unwrap();
        response.body = self.exactly(length)?;
        Some(response)
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.iter().position(|&byte| byte == b'\n') {
                return Some(String::from_utf8(self.buffer.drain(..=at).collect()).unwrap());
            }
            if self.read() == 0 {
                return None;
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            if self.read() == 0 {
                return None;
            }
        }
        Some(self.buffer.drain(..length).collect())
    }

    fn read(&mut self) -> usize {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(length) => {
                    self.buffer.extend_from_slice(&piece[..length]);
                    return length;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return 0,
            }
        }
    }

    /// Returns the kind of the error of the next read, if there is one.
    pub(crate) fn read_error(&mut self) -> Option<ErrorKind> {
        self.stream
            .read(&mut [0; 16])
            .err()
            .map(|error| error.kind())
    }
}

pub(crate) fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")
}

pub(crate) fn token_request(headers: &str, form: &str) -> String {
    format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         {headers}Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Gets a token, on a connection of its own.
pub(crate) fn fetch_token(authorization: &AuthorizationServer) -> String {
    Client::to(authorization).post_token("", FORM).token()
}
