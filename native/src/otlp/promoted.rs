//! Attributes that have a column of their own beside the map: current names first, then older ones.

use super::attrs::Seen;

const ROUTE: u8 = 1;
const STATUS: u8 = 2;
const DB: u8 = 4;
const PEER: u8 = 6;

/// The class of a span attribute's key; within a group, the lower class wins.
pub fn classify(key: &[u8]) -> u8 {
    match key {
        b"http.route" => ROUTE,
        b"http.response.status_code" => STATUS,
        b"http.status_code" => STATUS + 1,
        b"db.system.name" => DB,
        b"db.system" => DB + 1,
        b"service.peer.name" => PEER,
        b"peer.service" => PEER + 1,
        b"server.address" => PEER + 2,
        b"net.peer.name" => PEER + 3,
        b"net.sock.peer.addr" => PEER + 4,
        _ => 0,
    }
}

#[derive(Default)]
pub struct Promoted<'a> {
    pub http_route: &'a [u8],
    pub http_status: u16,
    pub db_system: &'a [u8],
    pub peer: &'a [u8],
    status_class: u8,
    route_class: u8,
    db_class: u8,
    peer_class: u8,
}

impl<'a> Promoted<'a> {
    #[inline]
    pub fn see(&mut self, seen: Seen<'a>) {
        match seen {
            Seen::Str(class, text) if class != 0 => self.text(class, text),
            Seen::Int(class, number) if class != 0 => self.number(class, number),
            _ => (),
        }
    }

    fn text(&mut self, class: u8, text: &'a [u8]) {
        match class {
            ROUTE => better(&mut self.route_class, class, &mut self.http_route, text),
            DB..PEER => better(&mut self.db_class, class, &mut self.db_system, text),
            PEER.. => better(&mut self.peer_class, class, &mut self.peer, text),
            _ => (),
        }
    }

    fn number(&mut self, class: u8, number: i64) {
        if let (STATUS..DB, Ok(code)) = (class, u16::try_from(number)) {
            better(&mut self.status_class, class, &mut self.http_status, code);
        }
    }
}

/// Keep the value of the better name; of one name, the first.
fn better<T>(best: &mut u8, class: u8, slot: &mut T, value: T) {
    if *best == 0 || class < *best {
        *best = class;
        *slot = value;
    }
}
