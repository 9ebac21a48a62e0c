//! One connection of a server, request after request.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use super::answer::{Answer, Content, Ending, Pause, Timing};
use super::gate::Gate;
use super::log::Log;
use super::recorded::{Body, Recorded};
use super::request_head::RequestHead;
use super::request_reader::RequestReader;
use super::response_writer::ResponseWriter;
use super::role::{Role, decide};
use super::script::Script;
use super::shutdown::Shutdown;
use super::wire::{Sessions, Wire};

/// What all connections of one server share.
pub(super) struct Service {
    pub(super) role: Box<dyn Role>,
    pub(super) script: Script,
    pub(super) log: Log,
    pub(super) shutdown: Shutdown,
    /// What the connections speak beside TCP.
    pub(super) sessions: Option<Arc<dyn Sessions>>,
}

/// Serves a connection until one side closes it.
pub(super) fn serve(service: &Service, id: usize, stream: &TcpStream) {
    let Ok(wire) = Wire::new(stream, service.sessions.as_ref(), service.log.bytes_sent()) else {
        return;
    };
    let mut exchange = Exchange {
        service,
        id,
        wire: &wire,
        reader: RequestReader::new(&wire),
        writer: ResponseWriter::new(&wire),
    };
    let mut turn = 1;
    while let Ok(Next::Request) = exchange.one(turn) {
        turn += 1;
    }
    wire.say_goodbye();
}

enum Next {
    Request,
    Close,
}

struct Exchange<'a> {
    service: &'a Service,
    id: usize,
    wire: &'a Wire<'a>,
    reader: RequestReader<'a>,
    writer: ResponseWriter<'a>,
}

impl Exchange<'_> {
    /// One request and its answer. An error ends the connection: nobody is there to hear of it.
    fn one(&mut self, turn: usize) -> io::Result<Next> {
        let head = match self.reader.head() {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Next::Close),
            Err(error) => return self.unreadable(&error),
        };
        let mut scripted = self.service.script.take(head.path());
        let pauses = std::mem::take(&mut scripted.pauses);
        let rest = Rest::of(&head, &scripted);
        let client_closes = head.closes;
        let mut body = self.empty_body(&head);
        if rest == Rest::Read {
            self.invite_body(&head)?;
            if let Some(gate) = &scripted.reads_at {
                self.service.shutdown.hold_at(gate);
            }
            if let Err(error) = self.read_body(&head, &mut body) {
                return self.unreadable(&error);
            }
        }
        let framing = head.framing;
        let request = Arc::new(Recorded::new(self.wire.scheme(), self.id, turn, head, body));

        let entry = self.service.log.arrived(&request);
        self.pause(&pauses);
        let mut answer = decide(&*self.service.role, scripted, &request);
        // A rejection may have pauses of its own.
        self.pause(&answer.pauses);
        if rest == Rest::NeverComes || (client_closes && answer.ending == Ending::KeepAlive) {
            answer.ending = Ending::Close;
        }
        self.service.log.answering(entry, status(&answer));
        if self.service.shutdown.has_begun() {
            return Ok(Next::Close);
        }

        let next = self.send(&answer, &request)?;
        match rest {
            Rest::Read => {}
            Rest::Comes => self.reader.body(framing, |_| ())?,
            Rest::NeverComes => self.close_gently(),
        }
        Ok(next)
    }

    fn empty_body(&self, head: &RequestHead) -> Body {
        let (bound, hashing) = self.service.log.body_bound();
        Body::keeping(
            bound.max(self.service.role.body_needed(head.path())),
            hashing,
        )
    }

    fn invite_body(&self, head: &RequestHead) -> io::Result<()> {
        if head.expects_continue && !self.reader.has_buffered() {
            self.wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        Ok(())
    }

    fn read_body(&mut self, head: &RequestHead, body: &mut Body) -> io::Result<()> {
        self.reader.body(head.framing, |piece| body.push(piece))
    }

    fn unreadable(&mut self, error: &io::Error) -> io::Result<Next> {
        self.service.log.unreadable();
        if error.kind() == io::ErrorKind::InvalidData {
            self.wire.write_all(
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?;
            self.close_gently();
        }
        Ok(Next::Close)
    }

    fn pause(&self, pauses: &[Pause]) {
        for pause in pauses {
            match pause {
                Pause::Gate(gate) => self.service.shutdown.hold_at(gate),
                Pause::Delay(duration) => self.service.shutdown.sleep(*duration),
            }
        }
    }

    fn send(&mut self, answer: &Answer, request: &Recorded) -> io::Result<Next> {
        match &answer.content {
            // `decide` leaves none of the first two.
            Content::Normal | Content::Token(_) | Content::HangUp => {
                self.wire.hang_up()?;
                Ok(Next::Close)
            }
            Content::Reset => {
                self.wire.reset()?;
                Ok(Next::Close)
            }
            Content::Silence => {
                self.reader.drain();
                Ok(Next::Close)
            }
            Content::Raw(bytes) => {
                self.wire.write_all(bytes)?;
                Ok(Next::Close)
            }
            Content::Http { status, body } => {
                let hold = |gate: &Gate| {
                    self.service.shutdown.hold_at(gate);
                    if self.service.shutdown.has_begun() {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                    Ok(())
                };
                self.writer
                    .response(*status, body, answer, &request.method, hold)?;
                Ok(self.after(answer.ending))
            }
        }
    }

    fn after(&mut self, ending: Ending) -> Next {
        match ending {
            Ending::KeepAlive => Next::Request,
            Ending::CloseUnderNextRequest => {
                self.reader.wait_for_anything();
                Next::Close
            }
            Ending::Close
            | Ending::CloseUnannounced
            | Ending::HangUpInHeaders
            | Ending::HangUpInBody => Next::Close,
        }
    }

    /// Closes so that the answer arrives although something of the request was not read: closing
    /// with unread bytes resets the connection, and the answer with it.
    fn close_gently(&mut self) {
        if self.wire.end().is_ok() {
            self.reader.drain();
        }
    }
}

/// What is to be done about the body of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is read before the answer.
    Read,
    /// It is thrown away after the answer.
    Comes,
    /// The client waits for `100 Continue` and gets the answer instead.
    NeverComes,
}

impl Rest {
    fn of(head: &RequestHead, scripted: &Answer) -> Self {
        match scripted.timing {
            Timing::AfterTheBody => Self::Read,
            Timing::BeforeTheBody if head.expects_continue => Self::NeverComes,
            Timing::BeforeTheBody => Self::Comes,
        }
    }
}

/// The status that goes out, if an HTTP response does.
fn status(answer: &Answer) -> Option<u16> {
    match &answer.content {
        Content::Http { status, .. } => Some(*status),
        Content::Normal
        | Content::Token(_)
        | Content::Raw(_)
        | Content::HangUp
        | Content::Reset
        | Content::Silence => None,
    }
}
