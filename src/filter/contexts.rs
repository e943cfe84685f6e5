//! The contexts of this thread by the numbers that Envoy gave them: a root for each configuration of the filter, and
//! one for each stream, which belongs to a root. Envoy gives no number twice; were it to, the context is new.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::{
    console::Visit,
    http::Http,
    root::{Root, Serves},
    spread::BuildSpread,
    stream::Stream,
};

/// A context, shared with the callback that it is in.
enum Context {
    Root(Rc<RefCell<Root>>),
    Stream(Rc<RefCell<dyn Stream>>),
}

type Contexts = HashMap<u32, Context, BuildSpread>;

thread_local! {
    static CONTEXTS: RefCell<Contexts> = const { RefCell::new(HashMap::with_hasher(BuildSpread::new())) };
}

/// Makes a root that is not configured.
pub(super) fn add_root(id: u32) {
    add(id, Context::Root(Rc::default()));
}

/// Makes a stream; without such a root, one that is refused.
pub(super) fn add_stream(id: u32, root: u32) {
    let stream: Rc<RefCell<dyn Stream>> = match self::root(root).and_then(|root| root.try_borrow().ok()?.serves()) {
        Some(Serves::Console(console)) => Rc::new(RefCell::new(Visit::new(console))),
        Some(Serves::Gateway(filter)) => Rc::new(RefCell::new(Http::new(id, Some(filter)))),
        None => Rc::new(RefCell::new(Http::new(id, None))),
    };
    add(id, Context::Stream(stream));
}

/// The root of this number.
pub(super) fn root(id: u32) -> Option<Rc<RefCell<Root>>> {
    find(id, |context| match context {
        Context::Root(root) => Some(Rc::clone(root)),
        Context::Stream(_) => None,
    })
}

/// The stream of this number.
pub(super) fn stream(id: u32) -> Option<Rc<RefCell<dyn Stream>>> {
    find(id, |context| match context {
        Context::Stream(stream) => Some(Rc::clone(stream)),
        Context::Root(_) => None,
    })
}

/// Forgets a context.
pub(super) fn remove(id: u32) {
    reach(|contexts| contexts.remove(&id));
}

fn add(id: u32, context: Context) {
    reach(|contexts| contexts.insert(id, context));
}

fn find<T>(id: u32, pick: impl FnOnce(&Context) -> Option<T>) -> Option<T> {
    reach(|contexts| contexts.get(&id).and_then(pick))
}

/// Nobody can be here already: nothing that is done here calls Envoy or drops a context.
fn reach<T>(act: impl FnOnce(&mut Contexts) -> Option<T>) -> Option<T> {
    CONTEXTS.with(|contexts| act(&mut *contexts.try_borrow_mut().ok()?))
}
