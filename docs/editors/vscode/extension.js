// Starts `supkit lsp` for supervisord.conf and buildout.cfg.
const { workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("supkit").get("path");
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  const documentSelector = [{ language: "supervisord" }, { language: "buildout" }];
  client = new LanguageClient("supkit", "supkit", server, { documentSelector });
  return client.start();
};

exports.deactivate = () => client?.stop();
