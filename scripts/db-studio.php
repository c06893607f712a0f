<?php
// Adminer for scripts/db-studio: signed in to one database, for whoever knows the key, under this machine's names alone.

$port = getenv('STUDIO_PORT');
$names = ["127.0.0.1:$port", "localhost:$port"];
$key = getenv('STUDIO_KEY');
if (!in_array($_SERVER['HTTP_HOST'] ?? '', $names, true)) {
    http_response_code(421);
    exit('not this address');
}
if (hash_equals($key, (string) ($_GET['key'] ?? ''))) {
    setcookie('studio', $key, ['httponly' => true, 'samesite' => 'Strict']);
    header('Location: /');
    exit;
}
if (!hash_equals($key, (string) ($_COOKIE['studio'] ?? ''))) {
    http_response_code(403);
    exit('the address with the key is the one that make db-studio printed');
}
if (preg_match('~^/(adminer|externals)/.+\.(css|js|gif|png|ico)$~', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH))) {
    return false; // as it lies there
}

$database = getenv('STUDIO_DATABASE');
if (str_starts_with($database, 'sqlite:')) {
    $file = preg_replace('~^sqlite:(//)?|\?.*$~', '', $database);
    $login = ['driver' => 'sqlite', 'server' => '', 'username' => '', 'password' => '', 'db' => realpath($file)];
} else {
    $url = parse_url($database);
    parse_str($url['query'] ?? '', $query);
    foreach (['sslmode', 'sslrootcert'] as $name) {
        if (isset($query[$name])) putenv('PG' . strtoupper($name) . "=$query[$name]");
    }
    $login = [
        'driver' => 'pgsql',
        'server' => $url['host'] . ':' . ($url['port'] ?? 5432),
        'username' => urldecode($url['user'] ?? ''),
        'password' => urldecode($url['pass'] ?? ''),
        'db' => urldecode(ltrim($url['path'] ?? '', '/')),
    ];
}
if (!$_GET && !$_POST) {
    $_POST['auth'] = $login;
}

function adminer_object() {
    class Studio extends Adminer {
        function name() { return 'Database'; }
        function login($login, $password) { return true; }
    }
    return new Studio;
}

chdir('/usr/share/adminer/adminer');
include './index.php';
