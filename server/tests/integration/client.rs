//! A client that speaks as little HTTP as needed.

use crate::binary::PASSWORD;
use crate::patience::PATIENCE;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A kept connection.
pub(crate) struct Client(BufReader<TcpStream>);

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The value of a header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap()
    }

    pub(crate) fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The port on this side.
    pub(crate) fn port(&self) -> u16 {
        self.0.get_ref().local_addr().unwrap().port()
    }

    pub(crate) fn send(&mut self, head: &str, body: &str) -> std::io::Result<()> {
        self.write(&format!("{head}host: x\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }

    /// Sends the head of a request, and waits until the server asks for its body.
    pub(crate) fn announce(&mut self, head: &str, length: usize) {
        let request = format!("{head}host: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n");
        self.write(&request).unwrap();
        let mut told = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        self.0.read_exact(&mut told).unwrap();
        assert!(told.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&told));
    }

    pub(crate) fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes())
    }

    pub(crate) fn receive(&mut self) -> std::io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Reply { status, head, body: String::from_utf8(body).unwrap() })
    }

    pub(crate) fn ask(&mut self, head: &str, body: &str) -> std::io::Result<Reply> {
        self.send(head, body)?;
        self.receive()
    }

    /// Logs in; answers the cookie.
    pub(crate) fn log_in(&mut self, username: &str) -> String {
        let body = serde_urlencoded::to_string([("username", username), ("password", PASSWORD)]).unwrap();
        self.try_log_in(&body).unwrap()
    }

    /// Sends the form of the login; answers the cookie.
    pub(crate) fn try_log_in(&mut self, body: &str) -> std::io::Result<String> {
        let head = "POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n";
        let reply = self.ask(head, body)?;
        assert_eq!(reply.status, 303, "{}", reply.body);
        Ok(reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned())
    }

    /// Asks as a trusted gateway would.
    pub(crate) fn verify(&mut self, token: &str, address: &str) -> std::io::Result<Reply> {
        let head = format!(
            "GET /authz/forward-auth HTTP/1.1\r\nx-api-key: {token}\r\nx-forwarded-for: {address}\r\n"
        );
        self.ask(&head, "")
    }

    /// Whether the server is ready, and what is in its way.
    pub(crate) fn readyz(&mut self) -> (u16, String) {
        let reply = self.ask("GET /readyz HTTP/1.1\r\n", "").unwrap();
        (reply.status, reply.body)
    }

    pub(crate) fn get(&mut self, cookie: &str, path: &str) -> std::io::Result<Reply> {
        self.ask(&format!("GET {path} HTTP/1.1\r\ncookie: {cookie}\r\n"), "")
    }

    /// Calls a server function with form fields, as the program in the browser does.
    pub(crate) fn call(&mut self, cookie: &str, name: &str, fields: &[(&str, &str)]) -> Reply {
        self.try_call(cookie, name, fields).unwrap()
    }

    pub(crate) fn try_call(
        &mut self,
        cookie: &str,
        name: &str,
        fields: &[(&str, &str)],
    ) -> std::io::Result<Reply> {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let head = format!(
            "POST /portal/{name} HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
             content-type: application/x-www-form-urlencoded\r\n"
        );
        self.ask(&head, &body)
    }

    /// Generates a key; answers id and token.
    pub(crate) fn generate(&mut self, cookie: &str, key_type: &str) -> (String, String) {
        self.try_generate(cookie, key_type).unwrap()
    }

    pub(crate) fn try_generate(&mut self, cookie: &str, key_type: &str) -> std::io::Result<(String, String)> {
        let fields = [("description", "load"), ("key_type", key_type)];
        let reply = self.try_call(cookie, "generate_key", &fields)?;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Ok((text("id"), text("token")))
    }

    /// A key's Times Used, as its page shows it.
    pub(crate) fn times_used(&mut self, cookie: &str, id: &str) -> u64 {
        let reply =
            self.ask(&format!("GET /portal/find_key?id={id} HTTP/1.1\r\ncookie: {cookie}\r\n"), "").unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        json["key"]["row"]["times_used"].as_u64().unwrap()
    }
}
