//! One instance of the module, as each of Envoy's threads has one.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use wasmtime::{Instance, Module, Store, Val};

use super::{
    CallResponse, Delivery, Shared, calls,
    downstream::PAUSE,
    host_state::{HostState, INFO, Reach},
    module::{METERED, MODULE},
};

/// A worker: an instance with one root context. A trap is a panic that says where, unless the host broke Envoy's rules in
/// that callback: then the VM has failed, as in Envoy.
pub(crate) struct Worker {
    store: Store<HostState>,
    instance: Instance,
    last_context: u32,
    has_failed: bool,
}

/// How many there have been.
static WORKERS: AtomicU64 = AtomicU64::new(0);

/// Its root context.
pub(crate) const ROOT: u32 = 1;

impl Worker {
    /// An instance that has not been configured, with a root context.
    pub(crate) fn bare(shared: &Arc<Shared>) -> Self {
        Self::of(&MODULE, shared)
    }

    /// The same, with [`Worker::instructions`] counted.
    pub(crate) fn metered(shared: &Arc<Shared>) -> Self {
        Self::of(&METERED, shared)
    }

    fn of(module: &Module, shared: &Arc<Shared>) -> Self {
        let world = HostState {
            shared: Arc::clone(shared),
            now: 1_767_225_642_500_000_000,
            // No two workers draw the same numbers.
            random: WORKERS.fetch_add(1, Ordering::Relaxed) << 32,
            log_level: INFO,
            ..HostState::default()
        };
        let mut store = Store::new(module.engine(), world);
        // Fails where nothing is counted.
        let _ = store.set_fuel(u64::MAX);
        let instance = calls::link(module).and_then(|linker| linker.instantiate(&mut store, module));
        let instance = instance.expect("the module fits this host");
        let memory = instance.get_memory(&mut store, "memory");
        let allocate = instance.get_typed_func(&mut store, "proxy_on_memory_allocate").ok();
        store.data_mut().memory = memory;
        store.data_mut().allocate = allocate;
        let named = |name: &str| (name.as_bytes().to_vec(), Some(b"filter".to_vec()));
        store.data_mut().properties = [named("plugin_name")].into();
        let mut worker = Self { store, instance, last_context: ROOT, has_failed: false };
        worker.callback("_initialize", &[]);
        worker.callback("proxy_on_context_create", &[ROOT, 0]);
        worker
    }

    /// A configured instance.
    pub(crate) fn new(shared: &Arc<Shared>, configuration: &str) -> Self {
        let mut worker = Self::bare(shared);
        assert!(worker.configure(configuration), "{:?}", worker.world().log);
        worker
    }

    /// What Envoy does first, on its main thread: configures an instance, and throws it away.
    pub(crate) fn canary(shared: &Arc<Shared>, configuration: &str) {
        drop(Self::new(shared, configuration));
    }

    /// Configures the root context.
    pub(crate) fn configure(&mut self, configuration: &str) -> bool {
        self.configure_root(ROOT, configuration)
    }

    /// Makes another root context and configures it, as Envoy does upon a new configuration or another listener.
    pub(crate) fn add_root(&mut self, configuration: &str) -> u32 {
        let root = self.context(0);
        assert!(self.configure_root(root, configuration), "{:?}", self.world().log);
        root
    }

    fn configure_root(&mut self, root: u32, configuration: &str) -> bool {
        self.world().configuration = configuration.as_bytes().to_vec();
        let size = u32::try_from(configuration.len()).expect("a small configuration");
        self.callback("proxy_on_configure", &[root, size]) != 0 && !self.has_failed
    }

    /// Whether its VM has failed. Envoy makes no more callbacks, and answers 503 to what is open.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Puts a new VM in the place of one that has failed, as Envoy does under `FAIL_RELOAD`.
    pub(crate) fn reload_if_failed(&mut self) {
        if !self.has_failed {
            return;
        }
        let world = self.world();
        let mut worker = Self::bare(&world.shared);
        let now = worker.world();
        now.now = world.now;
        now.properties.clone_from(&world.properties);
        now.metrics.clone_from(&world.metrics);
        now.called.clone_from(&world.called);
        let configuration = String::from_utf8(world.configuration.clone()).expect("a configuration in UTF-8");
        assert!(worker.configure(&configuration));
        *self = worker;
    }

    /// Makes the context of a new stream.
    pub(crate) fn open(&mut self) -> u32 {
        self.context(ROOT)
    }

    /// Makes a context that belongs to `parent`.
    pub(crate) fn context(&mut self, parent: u32) -> u32 {
        self.last_context += 1;
        self.callback("proxy_on_context_create", &[self.last_context, parent]);
        self.last_context
    }

    /// How many WebAssembly instructions it has executed.
    pub(crate) fn instructions(&self) -> u64 {
        u64::MAX - self.store.get_fuel().expect("a worker whose instructions are counted")
    }

    /// How much memory it has, in bytes.
    pub(crate) fn memory(&mut self) -> usize {
        self.world().memory.map_or(0, |memory| memory.data_size(&self.store))
    }

    pub(crate) fn world(&mut self) -> &mut HostState {
        self.store.data_mut()
    }

    /// Calls a function of the module, by Envoy's rules: not in a VM that has failed, nor for a context that is deleted. In
    /// both, nothing goes on.
    pub(crate) fn callback(&mut self, name: &str, args: &[u32]) -> u32 {
        let is_there =
            |context: &u32| name == "proxy_on_context_create" || self.store.data().contexts.contains_key(context);
        if self.has_failed || !args.first().is_none_or(is_there) {
            return PAUSE;
        }
        self.attempt(name, args).unwrap_or_else(|trap| {
            assert!(self.world().may_trap, "a trap in {name}{args:?}: {trap}");
            self.has_failed = true;
            PAUSE
        })
    }

    /// Calls a function of the module, whatever Envoy's rules; a trap is an answer.
    pub(crate) fn attempt(&mut self, name: &str, args: &[u32]) -> Result<u32, String> {
        let function = self.instance.get_func(&mut self.store, name).unwrap_or_else(|| panic!("no {name}"));
        let values: Vec<Val> = args.iter().map(|arg| Val::I32(arg.cast_signed())).collect();
        self.enter(name, args);
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let outcome = function.call(&mut self.store, &values, &mut results);
        if let ("proxy_on_delete", [context]) = (name, args) {
            self.world().contexts.remove(context);
        }
        match outcome {
            Ok(()) => Ok(results.first().map_or(0, |result| result.unwrap_i32().cast_unsigned())),
            Err(trap) => Err(format!("{trap:#}; {:?}", self.world().log)),
        }
    }

    /// Says what came of a request of the module's own, to the root that it belongs to. Envoy looks an HTTP call up first, and
    /// says nothing of one that it does not know.
    pub(crate) fn respond(&mut self, number: u32, said: &CallResponse) {
        let world = self.world();
        let known = world.calls.iter().position(|call| call.number == number);
        if said.came == Delivery::Http && known.is_none() {
            return;
        }
        let root = known.map_or(ROOT, |index| world.calls.remove(index).root);
        world.reach = Reach { said: Some(said.clone()), ..Reach::default() };
        let count = |count: usize| u32::try_from(count).expect("a small answer");
        match said.came {
            Delivery::Http => {
                let args = [root, number, count(said.headers.len()), count(said.body.len()), 0];
                self.callback("proxy_on_http_call_response", &args)
            }
            Delivery::Message => self.callback("proxy_on_grpc_receive", &[root, number, count(said.body.len())]),
            Delivery::Closed(status) => self.callback("proxy_on_grpc_close", &[root, number, status]),
        };
        self.world().reach = Reach::default();
    }

    /// The same for a callout that no stream waits for: nothing may happen.
    pub(crate) fn respond_stray(&mut self, number: u32, said: &CallResponse) {
        self.respond(number, said);
        let world = self.world();
        assert_eq!((world.continued.as_slice(), world.touched.as_slice()), (&[][..], &[][..]), "{number} {said:?}");
        assert_eq!((world.replies.as_slice(), world.is_ended), (&[][..], false), "{number} {said:?}");
    }

    /// Begins a callback: what it does is about the context that it is for.
    fn enter(&mut self, name: &str, args: &[u32]) {
        let world = self.world();
        world.made = 0;
        world.may_trap = false;
        world.called_for = args.first().copied().unwrap_or_default();
        world.about = world.called_for;
        if let ("proxy_on_context_create", &[context, root]) = (name, args) {
            world.contexts.insert(context, root);
        }
    }
}
