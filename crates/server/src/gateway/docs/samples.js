// Code samples of a request `{ method, url, body }`; `body` is JSON text, or undefined for a query.

import { pretty } from './ui.js';

/** The request of an interface with these values. */
export function requestOf({ method, path, hasBody }, values) {
  const url = location.origin + path;
  return hasBody
    ? { method, url, body: pretty(values) }
    : { method, url: `${url}?${new URLSearchParams(values)}` };
}

const shellQuote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const indent = (text, spaces) => text.replaceAll('\n', `\n${' '.repeat(spaces)}`);

/** JSON as a Python literal: only three words differ, and not inside strings. */
const pythonLiteral = (json) =>
  json.replace(/"(?:\\.|[^"\\])*"|true|false|null/g,
    (token) => ({ true: 'True', false: 'False', null: 'None' })[token] ?? token);

export function curl({ method, url, body }) {
  if (body === undefined) return `curl ${shellQuote(url)}`;
  return `curl -X ${method} ${shellQuote(url)} \\
  -H 'Content-Type: application/json' \\
  -d ${shellQuote(body)}`;
}

function python({ method, url, body }) {
  const json = body === undefined ? '' : `, json=${pythonLiteral(body)}`;
  return `import requests

answer = requests.${method.toLowerCase()}("${url}"${json}).json()
if answer["code"] != 0:
    raise SystemExit(f'{answer["code"]} {answer["msg"]}')
print(answer["data"])`;
}

function node({ method, url, body }) {
  const options = body === undefined ? '' : `, {
  method: "${method}",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(${indent(body, 2)}),
}`;
  return `const response = await fetch("${url}"${options});
const { code, data, msg } = await response.json();
if (code !== 0) throw new Error(\`\${code} \${msg}\`);
console.log(data);`;
}

function go({ url, body }) {
  const hasBody = body !== undefined;
  // A raw string cannot hold a backquote; JSON has an escape for it.
  const call = hasBody
    ? `body := strings.NewReader(\`${body.replaceAll('`', '\\u0060')}\`)
	response, err := http.Post("${url}", "application/json", body)`
    : `response, err := http.Get("${url}")`;
  return `package main

import (
	"fmt"
	"io"
	"net/http"${hasBody ? '\n\t"strings"' : ''}
)

func main() {
	${call}
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(answer))
}`;
}

function java({ method, url, body }) {
  const publisher = body === undefined ? '' : `
            .header("Content-Type", "application/json")
            .method("${method}", HttpRequest.BodyPublishers.ofString("""
                ${indent(body.replaceAll('\\', '\\\\'), 16)}
                """))`;
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Main {
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("${url}"))${publisher}
            .build();
        var response = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.body());
    }
}`;
}

function php({ method, url, body }) {
  const context = body === undefined ? '' : `$body = <<<'JSON'
${body}
JSON;

$context = stream_context_create(['http' => [
    'method' => '${method}',
    'header' => 'Content-Type: application/json',
    'content' => $body,
]]);
`;
  const argument = body === undefined ? '' : ', false, $context';
  return `<?php

${context}$answer = json_decode(file_get_contents('${url}'${argument}), true);
if ($answer['code'] !== 0) {
    throw new RuntimeException("{$answer['code']} {$answer['msg']}");
}
print_r($answer['data']);`;
}

export const SAMPLES = { curl, Python: python, 'Node.js': node, Go: go, Java: java, PHP: php };
