//! The stores that fleets share.

use std::fmt;

use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::protocol::Connect;
use crate::server::{Program, Server};

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Server(Program, Access),
    File,
}

/// What a server asks of its clients.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    Plain,
    Password,
    /// A user that may do only what the README says.
    User,
    Tls,
}

/// It ends when it is dropped.
pub(crate) struct Store {
    kind: Kind,
    /// The name of the case that it is for.
    pub(crate) case: String,
    pub(crate) connect: Connect,
    place: Place,
}

enum Place {
    Server(Server),
    Directory(TempDir),
}

impl Kind {
    pub(crate) const SERVERS: &[Self] = &[
        Self::Server(Program::Redis, Access::Plain),
        Self::Server(Program::Valkey, Access::Plain),
    ];
    pub(crate) const PLAIN: &[Self] = &[
        Self::Server(Program::Redis, Access::Plain),
        Self::Server(Program::Valkey, Access::Plain),
        Self::File,
    ];
    /// The valkey-server that `.ci/setup` installs has no TLS.
    pub(crate) const ALL: &[Self] = &[
        Self::Server(Program::Redis, Access::Plain),
        Self::Server(Program::Redis, Access::Password),
        Self::Server(Program::Redis, Access::User),
        Self::Server(Program::Redis, Access::Tls),
        Self::Server(Program::Valkey, Access::Plain),
        Self::Server(Program::Valkey, Access::Password),
        Self::Server(Program::Valkey, Access::User),
        Self::File,
    ];
}

impl Store {
    pub(crate) fn start(kind: Kind, case: String) -> Self {
        let (place, connect) = match kind {
            Kind::Server(program, access) => {
                let (server, connect) = serve(program, access);
                (Place::Server(server), connect)
            }
            Kind::File => {
                let directory = tempfile::tempdir().unwrap();
                let path = directory.path().to_str().unwrap().to_owned();
                (Place::Directory(directory), Connect::Directory(path))
            }
        };
        Self {
            kind,
            case,
            connect,
            place,
        }
    }

    /// How many processes share it.
    pub(crate) fn processes(&self) -> usize {
        match self.kind {
            Kind::Server(..) => 50,
            Kind::File => 10,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        match &self.place {
            Place::Server(server) => server,
            Place::Directory(_) => panic!("the file store has no server"),
        }
    }

    pub(crate) fn lose_all(&self) {
        match &self.place {
            Place::Server(server) => server.admin("FLUSHALL"),
            Place::Directory(directory) => {
                for file in directory.path().read_dir().unwrap() {
                    let path = file.unwrap().path();
                    if path
                        .extension()
                        .is_some_and(|extension| extension == "token")
                    {
                        std::fs::remove_file(path).unwrap();
                    }
                }
            }
        }
    }
}

fn serve(program: Program, access: Access) -> (Server, Connect) {
    match access {
        Access::Plain => {
            let server = Server::start(program, &[]);
            let url = server.url();
            (server, Connect::Url(url))
        }
        Access::Password => {
            let server = Server::start(program, &["--requirepass", "password"]);
            let url = format!("redis://:password@127.0.0.1:{}", server.port());
            (server, Connect::Url(url))
        }
        Access::User => {
            let server = Server::start(program, &[]);
            server.admin::<()>("ACL SETUSER alf on >password ~alf:* +get +set +eval");
            server.admin::<()>("ACL SETUSER default off");
            let url = format!("redis://alf:password@127.0.0.1:{}", server.port());
            (server, Connect::Url(url))
        }
        Access::Tls => {
            let (server, certificates) = Certificates::server(program);
            let url = format!("rediss://localhost:{}", server.port());
            let authority = certificates.authority;
            (server, Connect::Tls { url, authority })
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (program, access) = match self {
            Self::Server(program, access) => (program, access),
            Self::File => return f.write_str("file"),
        };
        let program = match program {
            Program::Redis => "redis",
            Program::Valkey => "valkey",
        };
        let access = match access {
            Access::Plain => "",
            Access::Password => "_password",
            Access::User => "_acl",
            Access::Tls => "_tls",
        };
        write!(f, "{program}{access}")
    }
}
