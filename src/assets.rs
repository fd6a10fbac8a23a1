//! Embedded templates, recipes and pages.

/// `recipes/*.ini`, by name.
pub static RECIPES: &[(&str, &str)] = &[
    ("actions.ini", include_str!("../recipes/actions.ini")),
    ("backup.ini", include_str!("../recipes/backup.ini")),
    ("celery.ini", include_str!("../recipes/celery.ini")),
    ("collective-supervisor.ini", include_str!("../recipes/collective-supervisor.ini")),
    ("collective-template.ini", include_str!("../recipes/collective-template.ini")),
    ("command.ini", include_str!("../recipes/command.ini")),
    ("compiled-hexagonit.ini", include_str!("../recipes/compiled-hexagonit.ini")),
    ("compiled.ini", include_str!("../recipes/compiled.ini")),
    ("crontab.ini", include_str!("../recipes/crontab.ini")),
    ("deployment.ini", include_str!("../recipes/deployment.ini")),
    ("django.ini", include_str!("../recipes/django.ini")),
    ("download.ini", include_str!("../recipes/download.ini")),
    ("egg-eggs.ini", include_str!("../recipes/egg-eggs.ini")),
    ("egg-superlance.ini", include_str!("../recipes/egg-superlance.ini")),
    ("egg-supervisor.ini", include_str!("../recipes/egg-supervisor.ini")),
    ("egg.ini", include_str!("../recipes/egg.ini")),
    ("environment-missing.ini", include_str!("../recipes/environment-missing.ini")),
    ("environment.ini", include_str!("../recipes/environment.ini")),
    ("files.ini", include_str!("../recipes/files.ini")),
    ("gocept-download.ini", include_str!("../recipes/gocept-download.ini")),
    ("haproxy-compiled.ini", include_str!("../recipes/haproxy-compiled.ini")),
    ("haproxy.ini", include_str!("../recipes/haproxy.ini")),
    ("instance-zeo.ini", include_str!("../recipes/instance-zeo.ini")),
    ("instance.ini", include_str!("../recipes/instance.ini")),
    ("libreoffice.ini", include_str!("../recipes/libreoffice.ini")),
    ("machine.ini", include_str!("../recipes/machine.ini")),
    ("memcached.ini", include_str!("../recipes/memcached.ini")),
    ("mkdir.ini", include_str!("../recipes/mkdir.ini")),
    ("nginx-gocept.ini", include_str!("../recipes/nginx-gocept.ini")),
    ("nginx.ini", include_str!("../recipes/nginx.ini")),
    ("omelette.ini", include_str!("../recipes/omelette.ini")),
    ("pip-instance.ini", include_str!("../recipes/pip-instance.ini")),
    ("pip-zeo.ini", include_str!("../recipes/pip-zeo.ini")),
    ("pound-build.ini", include_str!("../recipes/pound-build.ini")),
    ("pound.ini", include_str!("../recipes/pound.ini")),
    ("prefixed.ini", include_str!("../recipes/prefixed.ini")),
    ("redis.ini", include_str!("../recipes/redis.ini")),
    ("scriptgen.ini", include_str!("../recipes/scriptgen.ini")),
    ("scripty.ini", include_str!("../recipes/scripty.ini")),
    ("solr-ftw.ini", include_str!("../recipes/solr-ftw.ini")),
    ("solr-kitconcept.ini", include_str!("../recipes/solr-kitconcept.ini")),
    ("solr-multicore.ini", include_str!("../recipes/solr-multicore.ini")),
    ("solr.ini", include_str!("../recipes/solr.ini")),
    ("supkit.ini", include_str!("../recipes/supkit.ini")),
    ("template-files.ini", include_str!("../recipes/template-files.ini")),
    ("template-genshi.ini", include_str!("../recipes/template-genshi.ini")),
    ("template-target.ini", include_str!("../recipes/template-target.ini")),
    ("testrunner-all.ini", include_str!("../recipes/testrunner-all.ini")),
    ("testrunner.ini", include_str!("../recipes/testrunner.ini")),
    ("varnish-1-foreground.ini", include_str!("../recipes/varnish-1-foreground.ini")),
    ("varnish-1.ini", include_str!("../recipes/varnish-1.ini")),
    ("varnish-build.ini", include_str!("../recipes/varnish-build.ini")),
    ("varnish-configuration.ini", include_str!("../recipes/varnish-configuration.ini")),
    ("varnish-foreground.ini", include_str!("../recipes/varnish-foreground.ini")),
    ("varnish.ini", include_str!("../recipes/varnish.ini")),
    ("varnishd-compiled.ini", include_str!("../recipes/varnishd-compiled.ini")),
    ("zeoserver-2.ini", include_str!("../recipes/zeoserver-2.ini")),
    ("zeoserver.ini", include_str!("../recipes/zeoserver.ini")),
    ("zodb-databases.ini", include_str!("../recipes/zodb-databases.ini")),
    ("zodb-relstorage.ini", include_str!("../recipes/zodb-relstorage.ini")),
    ("zodb-server-deployment.ini", include_str!("../recipes/zodb-server-deployment.ini")),
    ("zodb-server.ini", include_str!("../recipes/zodb-server.ini")),
];

/// The deployment templates, by name.
static TEMPLATES: &[(&str, &str)] = &[
    ("init/Makefile.hbs", include_str!("../templates/init/Makefile.hbs")),
    ("init/README.md.hbs", include_str!("../templates/init/README.md.hbs")),
    ("init/buildout.cfg.hbs", include_str!("../templates/init/buildout.cfg.hbs")),
    ("init/gitignore.hbs", include_str!("../templates/init/gitignore.hbs")),
    ("init/plain/Makefile.hbs", include_str!("../templates/init/plain/Makefile.hbs")),
    ("init/plain/README.md.hbs", include_str!("../templates/init/plain/README.md.hbs")),
    ("init/plain/gitignore.hbs", include_str!("../templates/init/plain/gitignore.hbs")),
    (
        "init/plain/supervisord.conf.hbs",
        include_str!("../templates/init/plain/supervisord.conf.hbs"),
    ),
    ("init/varnish.vcl.hbs", include_str!("../templates/init/varnish.vcl.hbs")),
    ("local.conf.hbs", include_str!("../templates/local.conf.hbs")),
    ("supervisord.conf.hbs", include_str!("../templates/supervisord.conf.hbs")),
    ("wrapper.hbs", include_str!("../templates/wrapper.hbs")),
];

/// The versions of a new Zope project, the same as the demo's.
pub static ZOPE_VERSIONS: &str = include_str!("../demo/versions.cfg");
/// The versions of a new Plone project.
pub static PLONE_VERSIONS: &str = include_str!("../templates/init/plone-versions.cfg");
/// What makes the site of a new Plone project.
pub static CREATE_SITE: &str = include_str!("../templates/init/create_site.py");
/// What pip installs for zc.buildout.
pub static BUILDOUT_REQUIREMENTS: &str = include_str!("../demo/requirements.txt");

/// The source of a template in `templates/`.
pub fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// The web interface: templates, style, icon and script, by file name in `templates/web`.
pub static WEB: &[(&str, &str)] = &[
    ("ansi.js", include_str!("../templates/web/ansi.js")),
    ("confirm.hbs", include_str!("../templates/web/confirm.hbs")),
    ("feed.js", include_str!("../templates/web/feed.js")),
    ("find.js", include_str!("../templates/web/find.js")),
    ("forbidden.hbs", include_str!("../templates/web/forbidden.hbs")),
    ("icon.svg", include_str!("../templates/web/icon.svg")),
    ("jobs.hbs", include_str!("../templates/web/jobs.hbs")),
    ("jobs.js", include_str!("../templates/web/jobs.js")),
    ("keys.js", include_str!("../templates/web/keys.js")),
    ("layout.hbs", include_str!("../templates/web/layout.hbs")),
    ("chart.js", include_str!("../templates/web/chart.js")),
    ("live.js", include_str!("../templates/web/live.js")),
    ("log.css", include_str!("../templates/web/log.css")),
    ("log.js", include_str!("../templates/web/log.js")),
    ("matches.js", include_str!("../templates/web/matches.js")),
    ("program.css", include_str!("../templates/web/program.css")),
    ("program.hbs", include_str!("../templates/web/program.hbs")),
    ("program.js", include_str!("../templates/web/program.js")),
    ("status.hbs", include_str!("../templates/web/status.hbs")),
    ("style.css", include_str!("../templates/web/style.css")),
    ("tail.hbs", include_str!("../templates/web/tail.hbs")),
    ("texts.js", include_str!("../templates/web/texts.js")),
    ("texts/de.txt", include_str!("../templates/web/texts/de.txt")),
    ("texts/en.txt", include_str!("../templates/web/texts/en.txt")),
    ("update.hbs", include_str!("../templates/web/update.hbs")),
];

/// A file of the web interface.
pub fn web(name: &str) -> &'static str {
    WEB.iter().find(|(key, _)| *key == name).map_or("", |(_, text)| text)
}

/// Completions of supervisorctl, by file name in `templates/completions`; the words in `@` are
/// replaced.
pub static COMPLETIONS: &[(&str, &str)] = &[
    ("supervisorctl.bash", include_str!("../templates/completions/supervisorctl.bash")),
    ("supervisorctl.fish", include_str!("../templates/completions/supervisorctl.fish")),
    ("supervisorctl.zsh", include_str!("../templates/completions/supervisorctl.zsh")),
];

/// The template of a completion.
pub fn completion(name: &str) -> &'static str {
    COMPLETIONS.iter().find(|(key, _)| *key == name).map_or("", |(_, text)| text)
}
