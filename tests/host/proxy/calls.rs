//! What Envoy answers to each import. Headers are in reach only while they are held, buffers only in their callbacks.

use wasmtime::{Linker, Module, Result, Val};

use super::{
    How, Pairs, Reply,
    host_state::{CallKind, HostState, INFO, status},
    memory::{Guest, deserialise, serialise},
    wasi,
};

/// Answers every import of the module.
pub(super) fn link(module: &Module) -> Result<Linker<HostState>> {
    let mut linker = Linker::new(module.engine());
    // The imports can contain a name twice.
    linker.allow_shadowing(true);
    for import in module.imports() {
        let (place, name) = (import.module().to_owned(), import.name().to_owned());
        let ty = import.ty().unwrap_func().clone();
        linker.func_new(import.module(), import.name(), ty, move |mut caller, args, results| {
            let args: Vec<u64> = args.iter().map(number).collect();
            let mut guest = Guest(&mut caller);
            let answer = match place.as_str() {
                "env" => answer(&mut guest, &name, &args)?,
                _ => wasi::answer(&mut guest, &name, &args)?,
            };
            if let Some(result) = results.first_mut() {
                *result = Val::I32(answer.cast_signed());
            }
            Ok(())
        })?;
    }
    Ok(linker)
}

/// The stream of a response, by its number in the ABI.
const RESPONSE: u32 = 1;

fn number(value: &Val) -> u64 {
    match value {
        Val::I32(number) => u64::from(number.cast_unsigned()),
        Val::I64(number) => number.cast_unsigned(),
        other => panic!("no call takes {other:?}"),
    }
}

fn answer(guest: &mut Guest<'_, '_>, name: &str, args: &[u64]) -> Result<u32> {
    *guest.world().called.entry(name.to_owned()).or_default() += 1;
    // At `debug`, each callback writes lines.
    guest.world().made += u32::from(name != "proxy_log" || guest.world().log_level >= INFO);
    let fault = guest.world().faults.iter_mut().find_map(|fault| fault.strikes(name).then(|| fault.how.clone()));
    guest.world().may_trap |= fault.as_ref().is_some_and(|how| how.may_trap(name));
    match &fault {
        Some(How::Status(status)) => return Ok(*status),
        Some(How::Silence) => return Ok(status::OK),
        Some(How::Garbage(_) | How::Nowhere(_) | How::Unversioned) | None => {}
    }
    let out = |guest: &mut Guest<'_, '_>, bytes: Result<Vec<u8>, u32>, at: &[u32]| match (bytes, &fault) {
        (Err(status), _) => Ok(status),
        (Ok(_), Some(How::Garbage(bytes))) => guest.hand_out(bytes, at[0], at[1]).map(|()| status::OK),
        (Ok(_), Some(How::Nowhere(size))) => guest.write(at[1], &size.to_le_bytes()).map(|()| status::OK),
        (Ok(bytes), _) => guest.hand_out(&bytes, at[0], at[1]).map(|()| status::OK),
    };
    if let ("proxy_increment_metric", &[metric, by]) = (name, args) {
        return Ok(guest.world().add(metric, by.cast_signed()));
    }
    if let ("proxy_record_metric", &[metric, value]) = (name, args) {
        return Ok(guest.world().set(metric, value.cast_signed()));
    }
    let args: Vec<u32> = args.iter().map(|arg| u32::try_from(*arg).expect("a pointer or a number")).collect();
    match (name, args.as_slice()) {
        ("proxy_log", &[_, text, size]) => {
            let text = guest.read(text, size)?;
            guest.world().log.push(String::from_utf8_lossy(&text).into_owned());
            Ok(status::OK)
        }
        ("proxy_get_log_level", &[at]) => {
            let level = guest.world().log_level;
            guest.write(at, &level.to_le_bytes())?;
            Ok(status::OK)
        }
        ("proxy_get_current_time_nanoseconds", &[at]) => {
            let now = guest.world().now;
            guest.write(at, &now.to_le_bytes())?;
            Ok(status::OK)
        }
        ("proxy_get_buffer_bytes", &[kind, start, max, ref at @ ..]) => {
            let bytes = guest.world().buffer(kind).ok_or(status::NOT_FOUND);
            let bytes = bytes.map(|bytes| bytes.iter().skip(start as usize).take(max as usize).copied().collect());
            out(guest, bytes, at)
        }
        ("proxy_set_buffer_bytes", &[kind, start, size, bytes, bytes_size]) => {
            let bytes = guest.read(bytes, bytes_size)?;
            Ok(guest.world().set_buffer(kind, start, size, &bytes))
        }
        ("proxy_close_stream", &[stream]) => {
            assert_eq!(stream, RESPONSE, "the module ends nothing else");
            guest.world().is_ended |= guest.world().is_about_a_stream();
            Ok(status::OK)
        }
        // Not an error in Envoy: a map out of reach is an empty one.
        ("proxy_get_header_map_pairs", &[kind, ref at @ ..]) => {
            let pairs = guest.world().map(kind).map_or_else(Vec::new, |pairs| serialise(pairs));
            out(guest, Ok(pairs), at)
        }
        ("proxy_get_header_map_value", &[kind, name, size, ref at @ ..]) => {
            let name = guest.read(name, size)?;
            let value = guest.world().map(kind).ok_or(status::BAD_ARGUMENT).and_then(|pairs| {
                let first = pairs.iter().find(|(key, _)| *key == name);
                first.map(|(_, value)| value.clone()).ok_or(status::NOT_FOUND)
            });
            out(guest, value, at)
        }
        ("proxy_remove_header_map_value", &[kind, name, size]) => {
            let name = guest.read(name, size)?;
            let Some(pairs) = guest.world().map(kind) else { return Ok(status::BAD_ARGUMENT) };
            pairs.retain(|(key, _)| *key != name);
            Ok(status::OK)
        }
        ("proxy_get_property", &[path, size, ref at @ ..]) => {
            let path = guest.read(path, size)?;
            let world = guest.world();
            let record = (path == b"mcp_policy").then(|| world.records.get(&world.about)).flatten();
            let value = match world.properties.get(&path) {
                None if record.is_some() => record.cloned().ok_or(status::NOT_FOUND),
                None => Err(status::NOT_FOUND),
                Some(None) => Err(status::SERIALIZATION_FAILURE),
                Some(Some(value)) => Ok(value.clone()),
            };
            out(guest, value, at)
        }
        ("proxy_set_property", &[path, path_size, value, size]) => {
            let path = String::from_utf8(guest.read(path, path_size)?).expect("a name in ASCII");
            let value = guest.read(value, size)?;
            if !guest.world().is_about_a_stream() {
                return Ok(status::NOT_FOUND);
            }
            match path.strip_prefix("mcp_policy.") {
                None => assert_eq!(path, "mcp_policy"),
                Some(field) => {
                    guest.world().fields.insert(field.to_owned(), String::from_utf8(value).expect("text"));
                    return Ok(status::OK);
                }
            }
            let world = guest.world();
            world.records.insert(world.about, value.clone());
            world.notes.push(value);
            Ok(status::OK)
        }
        ("proxy_get_shared_data", &[key, size, pointer_at, size_at, version_at]) => {
            let key = guest.read(key, size)?;
            // Not under a borrow of the world: another worker may have its turn meanwhile.
            let shared = guest.world().shared.clone();
            let found = shared.get(&key);
            if let (Ok((_, version)), false) = (&found, matches!(fault, Some(How::Unversioned))) {
                guest.write(version_at, &version.to_le_bytes())?;
            }
            out(guest, found.map(|(value, _)| value), &[pointer_at, size_at])
        }
        ("proxy_set_shared_data", &[key, key_size, value, size, version]) => {
            let (key, value) = (guest.read(key, key_size)?, guest.read(value, size)?);
            let shared = guest.world().shared.clone();
            Ok(shared.set(&key, &value, version))
        }
        ("proxy_define_metric", &[_, name, size, at]) => {
            let name = String::from_utf8(guest.read(name, size)?).expect("a name in ASCII");
            let number = guest.world().metric(name);
            guest.write(at, &number.to_le_bytes())?;
            Ok(status::OK)
        }
        (
            "proxy_http_call",
            &[cluster, cluster_size, headers, size, body, body_size, trailers, trailers_size, timeout, at],
        ) => {
            assert_eq!(deserialise(&guest.read(trailers, trailers_size)?), Pairs::new(), "there are no trailers");
            let headers = deserialise(&guest.read(headers, size)?);
            let (cluster, body) = (guest.read(cluster, cluster_size)?, guest.read(body, body_size)?);
            let number = guest.world().begin(CallKind::Http, cluster, headers, body, timeout);
            guest.write(at, &number.to_le_bytes())?;
            Ok(status::OK)
        }
        (
            "proxy_grpc_call",
            &[target, target_size, service, service_size, method, method_size, metadata, size, ref rest @ ..],
        ) => {
            let &[message, message_size, timeout, at] = rest else { return Ok(status::UNIMPLEMENTED) };
            let text = |bytes| String::from_utf8(bytes).expect("a name in ASCII");
            let does = CallKind::Grpc {
                service: text(guest.read(service, service_size)?),
                method: text(guest.read(method, method_size)?),
            };
            let metadata = deserialise(&guest.read(metadata, size)?);
            let (target, message) = (guest.read(target, target_size)?, guest.read(message, message_size)?);
            let number = guest.world().begin(does, target, metadata, message, timeout);
            guest.write(at, &number.to_le_bytes())?;
            Ok(status::OK)
        }
        ("proxy_set_effective_context", &[context]) => Ok(guest.world().enter(context)),
        ("proxy_continue_stream", &[stream]) => Ok(guest.world().go_on(stream)),
        ("proxy_set_tick_period_milliseconds", &[period]) => {
            guest.world().tick = period;
            Ok(status::OK)
        }
        ("proxy_send_local_response", &[code, details, details_size, body, body_size, headers, size, _]) => {
            let (body, headers) = (guest.read(body, body_size)?, deserialise(&guest.read(headers, size)?));
            let details = String::from_utf8(guest.read(details, details_size)?).expect("details in ASCII");
            if guest.world().is_about_a_stream() {
                guest.world().replies.push(Reply { code, details, headers, body });
            }
            Ok(status::OK)
        }
        _ => Ok(status::UNIMPLEMENTED),
    }
}
