# Installs into `target` what the tests need: MCP SDKs, schemas, Prometheus, a registry, a browser.
# `build.sh` sources this file; functions that it does not define are in `build.sh` and `envoy/tools.sh`.
# shellcheck shell=bash

readonly SERVERS=target/servers
readonly CLIENTS=target/clients
readonly RATE_LIMIT_SERVICE=target/rate_limit_service
readonly SCHEMAS=target/schemas
readonly SCHEMA_SUITE=target/schema_suite
readonly PROMETHEUS=target/prometheus
readonly REGISTRY=target/registry
readonly BROWSER=target/browser
readonly EDITOR_PAGE=src/bin/mcp-policy/edit/page
readonly ETCD=target/etcd
readonly SKOPEO=target/tools/skopeo
readonly H2LOAD=target/tools/h2load

# The names that MCP_POLICY_SKIP accepts. Tests that need one of these are skipped without it.
readonly SETUPS=(servers clients prometheus browser schemas registry rate_limit_service etcd)

# Whether MCP_POLICY_SKIP contains a name. The tests read it, too, and refuse names that do not exist.
skips() { [[ ,${MCP_POLICY_SKIP:-}, == *,$1,* ]]; }

set_up_tests() {
  local name
  need curl 'a test sends the calls that `./build.sh run` prints: install it'
  for name in "${SETUPS[@]}"; do
    skips "$name" || "install_$name"
  done
}

# Prints, before anything is downloaded, what will be downloaded, how large it is, and how to skip it.
announce_setup() {
  local name missing=()
  for name in "${SETUPS[@]}"; do
    skips "$name" || "has_$name" || missing+=("$name")
  done
  [[ ${MCP_POLICY_ENVOY:-} ]] || find_wheel "target/envoy/$ENVOY_VERSION" >/dev/null || missing+=(envoy)
  say 'every test: about 10 minutes on two cores, and 7 more to compile and download the first time'
  ((${#missing[@]})) || return 0
  printf '%s\n' 'Downloaded into `target/`, and installed nowhere else:'
  for name in "${missing[@]}"; do
    printf '  %-10s  %s\n' "$name" "$(describe_setup "$name")"
  done
  printf 'MCP_POLICY_SKIP=%s skips the tests that need them.\n' "$(join "${SETUPS[@]}")"
}

join() { local IFS=,; printf '%s' "$*"; }

# Describes what a name installs, with its size on disk.
describe_setup() {
  case $1 in
    envoy) printf 'Envoy %s from PyPI, 130 MB' "$ENVOY_VERSION" ;;
    servers) printf 'MCP SDKs and servers from npm and PyPI, 230 MB' ;;
    clients) printf 'MCP clients, bridges, agent frameworks and conformance suites from npm and PyPI, 640 MB' ;;
    prometheus) printf 'Prometheus from Debian, 330 MB' ;;
    browser) printf 'Chromium from Debian, 520 MB, unless one is installed; playwright-core, axe-core and what the editor is made of from npm, 30 MB' ;;
    schemas) printf 'schemas of Kubernetes objects from npm, 70 MB; the test suite of JSON Schema from PyPI' ;;
    registry) printf 'docker-registry and skopeo from Debian, 130 MB' ;;
    rate_limit_service) printf 'gRPC for Python from PyPI, 70 MB' ;;
    etcd) printf 'etcd from Debian, 30 MB' ;;
  esac
}

install_npm() {
  cp "${@:2}" "$1"
  npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$1" ||
    fail "cannot install the packages of \`$2\` from npm; MCP_POLICY_SKIP=servers,clients,browser,schemas skips the tests that need npm"
}

# === the servers that are attacked, in the versions of the lock files

install_servers() {
  need npm 'it installs the TypeScript SDKs that are attacked, and the reference server: install it, or set MCP_POLICY_SKIP=servers'
  need_python 'it installs the Python SDKs that are attacked (MCP_POLICY_SKIP=servers skips those tests)'
  each_server install_once_by_kind
}

has_servers() { each_server is_installed_by_kind; }

# each_server COMMAND: runs COMMAND for each server, with its folder, `npm` or `python`, and its lock files.
each_server() {
  "$1" "$SERVERS/typescript-1" npm tests/servers/typescript-1/package{,-lock}.json || return
  "$1" "$SERVERS/typescript-2" npm tests/servers/typescript-2/package{,-lock}.json || return
  "$1" "$SERVERS/python-1" python tests/servers/python/requirements-1.txt || return
  # The example server of `./build.sh run` is of the same SDK.
  "$1" "$SERVERS/python-2" python envoy/run/requirements.txt || return
  "$1" "$SERVERS/fastmcp" python tests/servers/python/requirements-fastmcp.txt || return
  "$1" "$SERVERS/everything" npm tests/servers/everything/package{,-lock}.json
}

install_once_by_kind() { install_once "$1" "install_$2" "${@:3}"; }

is_installed_by_kind() { is_installed "$1" "${@:3}"; }

# === the clients that are refused

install_clients() {
  need npm 'it installs TypeScript clients and bridges: install it, or set MCP_POLICY_SKIP=clients'
  need_python 'it installs Python clients and agent frameworks (MCP_POLICY_SKIP=clients does without)'
  each_client install_once_by_kind
}

has_clients() { each_client is_installed_by_kind; }

# each_client COMMAND, as each_server. Clients of the SDKs whose servers are attacked come with those.
each_client() {
  local name
  for name in oldest proxy; do
    "$1" "$CLIENTS/python-$name" python "tests/clients/python/requirements-$name.txt" || return
  done
  "$1" "$CLIENTS/frameworks" python tests/clients/python/requirements-frameworks.txt || return
  "$1" "$CLIENTS/typescript-2-client" npm tests/clients/typescript-2/package{,-lock}.json || return
  "$1" "$CLIENTS/bridges" npm tests/clients/bridges/package{,-lock}.json || return
  "$1" "$CLIENTS/inspector" npm tests/clients/inspector/package{,-lock}.json || return
  "$1" "$CLIENTS/conformance" npm tests/clients/conformance/package{,-lock}.json
}

# === the rate-limit service

install_rate_limit_service() {
  need_python 'it runs the rate-limit service of the tests (MCP_POLICY_SKIP=rate_limit_service skips those tests)'
  install_once "$RATE_LIMIT_SERVICE" install_python tests/rate_limit_service/requirements.txt
}

has_rate_limit_service() { is_installed "$RATE_LIMIT_SERVICE" tests/rate_limit_service/requirements.txt; }

# === the schemas of Kubernetes objects, and the official test suite of JSON Schema

install_schemas() {
  need npm 'it installs the schemas of Kubernetes objects: install it, or set MCP_POLICY_SKIP=schemas'
  install_once "$SCHEMAS" install_npm tests/kubernetes/package{,-lock}.json
  need_python 'it unpacks the test suite of JSON Schema (MCP_POLICY_SKIP=schemas skips the test)'
  install_once "$SCHEMA_SUITE" install_schema_suite tests/schema_suite.txt
}

# install_schema_suite FOLDER REQUIREMENTS
install_schema_suite() {
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary jsonschema --requirement "$2" --dest "$1" ||
    fail "cannot download the packages of \`$2\` from PyPI; MCP_POLICY_SKIP=schemas skips the test that needs them"
  tar -xzf "$1"/jsonschema-*.tar.gz --directory "$1" --strip-components=2 --wildcards 'jsonschema-*/json'
}

has_schemas() {
  is_installed "$SCHEMAS" tests/kubernetes/package{,-lock}.json && is_installed "$SCHEMA_SUITE" tests/schema_suite.txt
}

# === programs from Debian: the installed one, else one that is unpacked into `target`

# With `promtool`, which tests the alerts, beside it.
install_prometheus() {
  ! has_prometheus || return 0
  fetch_debian "$PROMETHEUS" usr/bin/prometheus 'put a `prometheus` on PATH, or set MCP_POLICY_SKIP=prometheus' prometheus
  write_launcher "$PROMETHEUS" usr/bin/promtool
}

has_prometheus() { prometheus_program >/dev/null; }

# Prints where `prometheus` is, with `promtool` beside it, installed or unpacked.
prometheus_program() {
  local program
  program=$(command -v prometheus) && [[ -x ${program%/*}/promtool ]] && printf '%s\n' "$program" && return
  [[ -x $PROMETHEUS/promtool ]] && printf '%s\n' "$PWD/$PROMETHEUS/prometheus"
}

install_etcd() {
  ! has_etcd || return 0
  fetch_debian "$ETCD" usr/bin/etcd 'put an `etcd` on PATH, or set MCP_POLICY_SKIP=etcd' etcd-server
}

has_etcd() { etcd_program >/dev/null; }

# Prints where `etcd` is, installed or unpacked.
etcd_program() { find_program etcd "$ETCD"; }

# Makes a folder with the registry, with `skopeo`, which pushes to it, and with the Python that lists the parts of an image.
install_registry() {
  local registry skopeo advice='put a `docker-registry` on PATH, or set MCP_POLICY_SKIP=registry'
  install_once "$SBOM_TOOLS" install_python envoy/image/requirements.txt
  ! has_registry || return 0
  skopeo=$(skopeo_program)
  registry=$(command -v docker-registry) || {
    fetch_debian "$REGISTRY/unpacked" usr/bin/docker-registry "$advice" docker-registry
    registry=$PWD/$REGISTRY/unpacked/docker-registry
  }
  mkdir -p "$REGISTRY"
  ln -sf "$skopeo" "$REGISTRY/skopeo"
  ln -sf "$registry" "$REGISTRY/docker-registry"
  # Not a link: an environment is that of the path by which its Python is started.
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$PWD/$SBOM_TOOLS/bin/python" >"$REGISTRY/python"
  chmod +x "$REGISTRY/python"
}

has_registry() { [[ -x $REGISTRY/docker-registry && -x $REGISTRY/skopeo && -x $REGISTRY/python ]]; }

# Prints the path of `skopeo`, and downloads it first if there is none.
skopeo_program() {
  find_program skopeo "$SKOPEO" && return
  fetch_debian "$SKOPEO" usr/bin/skopeo 'put a `skopeo` on PATH' skopeo >&2
  find_program skopeo "$SKOPEO"
}

# Prints the path of `h2load`, and downloads it first if there is none.
h2load_program() {
  find_program h2load "$H2LOAD" && return
  fetch_debian "$H2LOAD" usr/bin/h2load 'put an `h2load` on PATH' nghttp2-client >&2
  find_program h2load "$H2LOAD"
}

# find_program NAME FOLDER: prints the path of an installed program, or else of one that is unpacked in FOLDER.
find_program() {
  command -v "$1" && return
  [[ -x $2/$1 ]] && printf '%s\n' "$PWD/$2/$1"
}

# === the browser for the console's tests

# `chromium` is the installed one or an unpacked one; `driver` holds playwright-core, and `editor` what the editor's script is made
# of, in the versions of the lock files.
install_browser() {
  need npm 'it installs playwright-core and axe-core for the browser: install npm, or set MCP_POLICY_SKIP=browser'
  mkdir -p "$BROWSER"
  [[ -x $BROWSER/chromium ]] || ln -sf "$(chromium_program)" "$BROWSER/chromium"
  install_once "$BROWSER/driver" install_npm tests/browser/package{,-lock}.json
  install_once "$BROWSER/editor" install_npm "$EDITOR_PAGE"/package{,-lock}.json
}

has_browser() {
  [[ -x $BROWSER/chromium ]] && is_installed "$BROWSER/driver" tests/browser/package{,-lock}.json &&
    is_installed "$BROWSER/editor" "$EDITOR_PAGE"/package{,-lock}.json
}

# Prints the path of an installed browser that starts. If there is none, downloads one and prints its path.
chromium_program() {
  local program
  for program in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    program=$(command -v "$program") && "$program" --version >/dev/null 2>&1 && printf '%s\n' "$program" && return
  done
  fetch_debian "$BROWSER/unpacked" usr/lib/chromium/chromium-headless-shell \
    'install Chromium or Chrome, or set MCP_POLICY_SKIP=browser' chromium-headless-shell fonts-dejavu-core >&2
  printf '%s\n' "$PWD/$BROWSER/unpacked/chromium-headless-shell"
}

# === Debian's packages

# fetch_debian FOLDER FILE ADVICE PACKAGE...: unpacks the packages and all their dependencies into FOLDER, and writes a
# launcher of FILE there. It installs nothing. The versions are not pinned, since mirrors keep only the newest; the tests use
# only what these programs have offered for years.
fetch_debian() {
  local place=$1 program=${2##*/} advice=$3 command package
  for command in apt-get dpkg-deb; do
    need "$command" "it fetches \`$program\` from Debian: $advice"
  done
  say "fetching \`$program\`"
  rm -rf "$place" "$place.new"
  mkdir -p "$place.new/packages"
  # A fresh machine has no list of packages yet.
  download_debian "$place.new/packages" "${@:4}" 2>/dev/null ||
    { apt-get -qq update && download_debian "$place.new/packages" "${@:4}"; } ||
    fail "cannot fetch \`$program\` from Debian: $advice"
  # Each package goes once it is unpacked, and documents and translations right after: a disk may be nearly full.
  for package in "$place.new/packages"/*.deb; do
    dpkg-deb -x "$package" "$place.new/root"
    rm -rf "$package" "$place.new/root/usr/share"/{doc,man,locale,lintian}
  done
  [[ -x $place.new/root/$2 ]] || fail "Debian's packages \`${*:4}\` hold no \`$2\`: $advice"
  write_launcher "$place.new" "$2"
  mv "$place.new" "$place"
}

# Downloads all dependencies, including those that are installed here, since a program looks for its data beside itself. It
# leaves out what Debian's essential packages need, above all the C library: an unpacked one would not fit the loader in use.
download_debian() {
  local folder=$1 tools needed packages
  mapfile -t tools < <(dpkg-query --show --showformat '${Package} ${Essential}\n' | awk '$2 == "yes" { print $1 }')
  needed=$(dependencies "${tools[@]}") && packages=$(dependencies "${@:2}") || return
  mapfile -t packages < <(comm -23 <(sort <<<"$packages") <(sort <<<"$needed"))
  # Runs as the current user, since apt's own user may not write here.
  (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
}

# Prints the packages and all their dependencies, as for a machine on which nothing is installed.
dependencies() {
  apt-get -qq -s -o Dir::State::status=/dev/null --no-install-recommends install "$@" | awk '$1 == "Inst" { print $2 }'
}

# write_launcher FOLDER FILE: writes a script that starts FILE with the unpacked libraries and fonts. There is one family of
# fonts, so that pages look the same on every machine.
write_launcher() {
  local launcher=$1/${2##*/}
  cat >"$1/fonts.conf" <<'CONF'
<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">root/usr/share/fonts</dir>
  <cachedir prefix="xdg">fonts</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
CONF
  cat >"$launcher" <<LAUNCHER
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
for folder in "\$here"/root/lib/*-linux-gnu "\$here"/root/usr/lib/*-linux-gnu "\$here"/root/usr/lib/*-linux-gnu/pulseaudio; do
  LD_LIBRARY_PATH=\${LD_LIBRARY_PATH:+\$LD_LIBRARY_PATH:}\$folder
done
export LD_LIBRARY_PATH FONTCONFIG_FILE="\$here/fonts.conf" XDG_CACHE_HOME="\$here/cache"
exec "\$here/root/$2" "\$@"
LAUNCHER
  chmod +x "$launcher"
}
