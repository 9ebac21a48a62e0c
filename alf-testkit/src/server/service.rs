//! Serves one connection of a server, request after request.

use std::io::{self, Write};
use std::net::TcpStream;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use scopeguard::defer;

use crate::waiting::{Watched, locked};

use super::answer::{Answer, Content, Ending};
use super::connection::{Connection, Sessions};
use super::counts::Log;
use super::gate::{Gate, StopSignal};
use super::recorded::{Record, Recorded, RecordedBody};
use super::request::RequestHead;
use super::response_writer::write_response;
use super::script::Script;
use super::token_response::TokenResponse;

/// What makes a server an authorization server or a resource server.
pub(super) trait Role: Send + Sync {
    /// The name in the [`report`](super::ScriptedServer::report).
    fn name(&self) -> &'static str;

    /// Returns the answer to a request without a script.
    fn normal(&self, request: &Recorded) -> Answer;

    /// Returns the answer to an unauthorized request, `None` for an authorized one.
    fn refusal(&self, request: &Recorded) -> Option<Answer>;

    /// Returns a token response for this request.
    fn token(&self, request: &Recorded, token: &TokenResponse) -> Answer;
}

/// What all connections of one server share.
pub(super) struct Service {
    pub(super) role: Arc<dyn Role>,
    pub(super) script: Mutex<Script>,
    pub(super) log: Watched<Log>,
    pub(super) stop: StopSignal,
    /// `None` if the connections are plain TCP.
    pub(super) sessions: Option<Sessions>,
}

/// Serves a connection until one side closes it.
pub(super) fn serve(service: &Service, number: usize, tcp: &TcpStream) {
    service.log.change(Log::connected);
    defer! { service.log.change(|log| log.counts.open_connections -= 1) }
    let Ok(connection) = Connection::new(tcp, service.sessions.as_ref()) else {
        return;
    };
    let mut served = ServedConnection {
        service,
        number,
        connection,
    };
    while let Ok(Continue(())) = served.serve_one() {}
    served.connection.end_session();
}

struct ServedConnection<'a> {
    service: &'a Service,
    /// The number of the connection.
    number: usize,
    connection: Connection<'a>,
}

impl ServedConnection<'_> {
    /// Reads one request and answers it. Returns whether the connection is closed. An error ends it too.
    fn serve_one(&mut self) -> io::Result<ControlFlow<()>> {
        let head = match RequestHead::read(&mut self.connection.stream) {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Break(())),
            Err(error) => return self.unreadable(&error),
        };
        let scripted = locked(&self.service.script).take(&head.method, head.path());
        let precedes_body = scripted.precedes_request_body;
        let gate = scripted.request_body_held_by.clone();
        let mut body = RecordedBody::default();
        if !precedes_body {
            if head.expects_continue && self.connection.stream.buffer().is_empty() {
                self.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            if let Err(error) = self.read_body(&head, gate.as_ref(), &mut body) {
                return self.unreadable(&error);
            }
        }
        let request = Recorded::new(Record {
            scheme: self.connection.scheme,
            connection: self.number,
            head,
            body,
            answer: OnceLock::new(),
        });
        self.service.log.change(|log| log.arrived(&request));
        let mut answer = self.decide(scripted, &request)?;
        let head = request.head();
        // A client that waits for `100 Continue` gets the answer instead, and does not send the body.
        let body_never_comes = precedes_body && head.expects_continue;
        if body_never_comes || (head.closes && answer.ending == Ending::KeepAlive) {
            answer.ending = Ending::Close;
        }
        self.service
            .log
            .change(|log| log.answering(&request, &answer));

        let next = self.send(&answer, &request)?;
        if body_never_comes {
            self.connection.close_gently();
        } else if precedes_body {
            self.read_body(head, gate.as_ref(), &mut io::sink())?;
        }
        Ok(next)
    }

    fn read_body(
        &mut self,
        head: &RequestHead,
        gate: Option<&Gate>,
        sink: &mut impl Write,
    ) -> io::Result<()> {
        if let Some(gate) = gate {
            self.service.stop.wait_at(gate, Duration::MAX)?;
        }
        head.framing.read_body(&mut self.connection.stream, sink)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Counted before it is sent: a client that has the answer finds it counted.
        let length = bytes.len() as u64;
        self.service
            .log
            .change(|log| log.counts.bytes_sent += length);
        self.connection.write_all(bytes)
    }

    fn unreadable(&mut self, error: &io::Error) -> io::Result<ControlFlow<()>> {
        self.service.log.change(|log| log.counts.unreadable += 1);
        if error.kind() == io::ErrorKind::InvalidData {
            self.write(
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?;
            self.connection.close_gently();
        }
        Ok(Break(()))
    }

    /// Returns what is sent, from what the script has for a request. What results from it may have waits of its own.
    fn decide(&self, mut answer: Answer, request: &Recorded) -> io::Result<Answer> {
        let role = &self.service.role;
        loop {
            for (gate, limit) in std::mem::take(&mut answer.waits) {
                self.service.stop.wait_at(&gate, limit)?;
            }
            if std::mem::take(&mut answer.if_authorized)
                && let Some(refusal) = role.refusal(request)
            {
                answer = refusal;
                continue;
            }
            let next = match &answer.content {
                Content::Normal => role.normal(request),
                Content::Token(token) => role.token(request, token),
                Content::Computed(compute) => locked(compute)(request),
                Content::Http { .. } | Content::Raw(_) => return Ok(answer),
            };
            answer = next.completed_by(answer);
        }
    }

    fn send(&mut self, answer: &Answer, request: &Recorded) -> io::Result<ControlFlow<()>> {
        let service = self.service;
        match &answer.content {
            Content::Http { status, body } => {
                let write = |bytes: &[u8]| self.write(bytes);
                let method = request.method();
                write_response(answer, *status, body, method, &service.stop, write)?;
            }
            Content::Raw(bytes) => self.write(bytes)?,
            // `decide` has replaced them.
            Content::Normal | Content::Token(_) | Content::Computed(_) => return Ok(Break(())),
        }
        match answer.ending {
            Ending::KeepAlive => return Ok(Continue(())),
            Ending::CloseUnderNextRequest => self.connection.wait_for_anything(),
            Ending::Reset => self.connection.reset()?,
            Ending::Silence => self.connection.drain(),
            Ending::Close
            | Ending::CloseUnannounced
            | Ending::HangUpInHeaders
            | Ending::HangUpInBody => {}
        }
        Ok(Break(()))
    }
}
