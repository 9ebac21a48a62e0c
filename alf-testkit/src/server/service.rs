//! Serves one connection of a server, request after request.

use std::io;
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use scopeguard::defer;

use crate::waiting::{Watched, locked};

use super::answer::{Answer, Content, Ending, Wait, WhenToRead};
use super::connection::{Connection, Sessions};
use super::gate::StopSignal;
use super::log::Log;
use super::recorded::{Recorded, RecordedBody};
use super::request_head::RequestHead;
use super::request_reader::RequestReader;
use super::response_writer::ResponseWriter;
use super::role::{Role, decide};
use super::script::Script;

/// What all connections of one server share.
pub(super) struct Service {
    pub(super) role: Arc<dyn Role>,
    pub(super) script: Mutex<Script>,
    pub(super) log: Watched<Log>,
    /// Beside the log: it is counted for every write.
    pub(super) bytes_sent: AtomicU64,
    pub(super) stop: StopSignal,
    /// `None` if the connections are plain TCP.
    pub(super) sessions: Option<Arc<dyn Sessions>>,
}

/// Serves a connection until one side closes it.
pub(super) fn serve(service: &Service, number: usize, tcp: &TcpStream) {
    service.log.change(Log::connected);
    defer! { service.log.change(Log::disconnected) }
    let sessions = service.sessions.as_ref();
    let Ok(connection) = Connection::new(tcp, sessions, &service.bytes_sent) else {
        return;
    };
    let mut served = ServedConnection {
        service,
        number,
        connection: &connection,
        reader: RequestReader::new(&connection),
        writer: ResponseWriter::new(&connection, &service.stop),
    };
    while let Ok(Next::Request) = served.serve_one() {}
    connection.end_session();
}

enum Next {
    Request,
    Close,
}

struct ServedConnection<'a, 's> {
    service: &'a Service,
    /// The number of the connection.
    number: usize,
    connection: &'a Connection<'s>,
    reader: RequestReader<'a, 's>,
    writer: ResponseWriter<'a, 's>,
}

impl ServedConnection<'_, '_> {
    /// Reads one request and answers it. An error ends the connection.
    fn serve_one(&mut self) -> io::Result<Next> {
        let head = match self.reader.head() {
            Ok(Some(head)) => Arc::new(head),
            Ok(None) => return Ok(Next::Close),
            Err(error) => return self.unreadable(&error),
        };
        let scripted = locked(&self.service.script).take(&head.method, head.path());
        let body = match self.body(&head, &scripted.read_body_when) {
            Ok(body) => body,
            Err(error) => return self.unreadable(&error),
        };
        let (body_follows, read_body_at) = match &scripted.read_body_when {
            WhenToRead::AfterTheAnswer(gate) => (true, gate.clone()),
            WhenToRead::BeforeTheAnswer | WhenToRead::BeforeTheAnswerOnceOpen(_) => (false, None),
        };
        // A client that waits for `100 Continue` gets the answer instead, and does not send the body.
        let body_never_comes = body_follows && head.expects_continue;

        let request = Recorded {
            scheme: self.connection.scheme(),
            connection: self.number,
            head: Arc::clone(&head),
            body: Arc::new(body),
            status: None,
            answer: None,
        };
        let entry = self.service.log.change(|log| log.arrived(&request));
        let mut answer = self.decide(scripted, &request)?;
        if body_never_comes || (head.closes && answer.ending == Ending::KeepAlive) {
            answer.ending = Ending::Close;
        }
        self.service.log.change(|log| log.answering(entry, &answer));

        let next = self.send(&answer, &request)?;
        if body_never_comes {
            self.close_gently();
        } else if body_follows {
            if let Some(gate) = &read_body_at {
                self.service.stop.wait_at(gate)?;
            }
            self.reader.body(head.framing, &mut io::sink())?;
        }
        Ok(next)
    }

    /// Reads the body of a request, unless it is read after the answer.
    fn body(&mut self, head: &RequestHead, when: &WhenToRead) -> io::Result<RecordedBody> {
        let mut body = RecordedBody::default();
        if matches!(when, WhenToRead::AfterTheAnswer(_)) {
            return Ok(body);
        }
        if head.expects_continue && !self.reader.has_buffered() {
            self.connection
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if let WhenToRead::BeforeTheAnswerOnceOpen(gate) = when {
            self.service.stop.wait_at(gate)?;
        }
        self.reader.body(head.framing, &mut body)?;
        Ok(body)
    }

    fn unreadable(&mut self, error: &io::Error) -> io::Result<Next> {
        self.service.log.change(|log| log.counts.unreadable += 1);
        if error.kind() == io::ErrorKind::InvalidData {
            self.connection.write_all(
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?;
            self.close_gently();
        }
        Ok(Next::Close)
    }

    fn decide(&self, mut answer: Answer, request: &Recorded) -> io::Result<Answer> {
        loop {
            for wait in std::mem::take(&mut answer.waits) {
                match wait {
                    Wait::Gate(gate) => self.service.stop.wait_at(&gate)?,
                    Wait::Delay(delay) => self.service.stop.wait_for(delay)?,
                }
            }
            match decide(&*self.service.role, answer, request) {
                ControlFlow::Break(decided) => return Ok(decided),
                ControlFlow::Continue(next) => answer = next,
            }
        }
    }

    fn send(&mut self, answer: &Answer, request: &Recorded) -> io::Result<Next> {
        match &answer.content {
            Content::Http { status, body } => {
                self.writer
                    .response(*status, body, answer, request.method())?;
                if answer.ending == Ending::KeepAlive {
                    return Ok(Next::Request);
                }
                if answer.ending == Ending::CloseUnderNextRequest {
                    self.reader.wait_for_anything();
                }
            }
            Content::Raw(bytes) => self.connection.write_all(bytes)?,
            // `decide` has replaced the last three.
            Content::HangUp | Content::Normal | Content::Token(_) | Content::Computed(_) => {
                self.connection.hang_up()?;
            }
            Content::Reset => self.connection.reset()?,
            Content::Silence => self.reader.drain(),
        }
        Ok(Next::Close)
    }

    /// Closes the connection so that the answer arrives although a part of the request has not been read:
    /// closing with unread bytes resets the connection, and drops the answer.
    fn close_gently(&mut self) {
        if self.connection.end().is_ok() {
            self.reader.drain();
        }
    }
}
