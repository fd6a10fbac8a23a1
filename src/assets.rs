//! Embedded templates, recipes and pages.

/// `recipes/*.ini`, by name.
pub static RECIPES: &[(&str, &str)] = &[
    ("celery.ini", include_str!("../recipes/celery.ini")),
    ("collective-supervisor.ini", include_str!("../recipes/collective-supervisor.ini")),
    ("collective-template.ini", include_str!("../recipes/collective-template.ini")),
    ("compiled-hexagonit.ini", include_str!("../recipes/compiled-hexagonit.ini")),
    ("compiled.ini", include_str!("../recipes/compiled.ini")),
    ("download.ini", include_str!("../recipes/download.ini")),
    ("egg-superlance.ini", include_str!("../recipes/egg-superlance.ini")),
    ("egg-supervisor.ini", include_str!("../recipes/egg-supervisor.ini")),
    ("egg.ini", include_str!("../recipes/egg.ini")),
    ("files.ini", include_str!("../recipes/files.ini")),
    ("haproxy-compiled.ini", include_str!("../recipes/haproxy-compiled.ini")),
    ("haproxy.ini", include_str!("../recipes/haproxy.ini")),
    ("instance-zeo.ini", include_str!("../recipes/instance-zeo.ini")),
    ("instance.ini", include_str!("../recipes/instance.ini")),
    ("libreoffice.ini", include_str!("../recipes/libreoffice.ini")),
    ("memcached.ini", include_str!("../recipes/memcached.ini")),
    ("nginx.ini", include_str!("../recipes/nginx.ini")),
    ("pound-build.ini", include_str!("../recipes/pound-build.ini")),
    ("pound.ini", include_str!("../recipes/pound.ini")),
    ("redis.ini", include_str!("../recipes/redis.ini")),
    ("solr-ftw.ini", include_str!("../recipes/solr-ftw.ini")),
    ("solr-kitconcept.ini", include_str!("../recipes/solr-kitconcept.ini")),
    ("solr-multicore.ini", include_str!("../recipes/solr-multicore.ini")),
    ("solr.ini", include_str!("../recipes/solr.ini")),
    ("varnish-1-foreground.ini", include_str!("../recipes/varnish-1-foreground.ini")),
    ("varnish-1.ini", include_str!("../recipes/varnish-1.ini")),
    ("varnish-build.ini", include_str!("../recipes/varnish-build.ini")),
    ("varnish-configuration.ini", include_str!("../recipes/varnish-configuration.ini")),
    ("varnish-foreground.ini", include_str!("../recipes/varnish-foreground.ini")),
    ("varnish.ini", include_str!("../recipes/varnish.ini")),
    ("varnishd-compiled.ini", include_str!("../recipes/varnishd-compiled.ini")),
    ("zeoserver-2.ini", include_str!("../recipes/zeoserver-2.ini")),
    ("zeoserver.ini", include_str!("../recipes/zeoserver.ini")),
];

/// The deployment templates, by name.
static TEMPLATES: &[(&str, &str)] = &[
    ("local.conf.hbs", include_str!("../templates/local.conf.hbs")),
    ("supervisord.conf.hbs", include_str!("../templates/supervisord.conf.hbs")),
    ("wrapper.hbs", include_str!("../templates/wrapper.hbs")),
];

/// The source of a template in `templates/`.
pub fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// The web interface: templates, style, icon and script, by file name in `templates/web`.
pub static WEB: &[(&str, &str)] = &[
    ("confirm.hbs", include_str!("../templates/web/confirm.hbs")),
    ("feed.js", include_str!("../templates/web/feed.js")),
    ("find.js", include_str!("../templates/web/find.js")),
    ("forbidden.hbs", include_str!("../templates/web/forbidden.hbs")),
    ("icon.svg", include_str!("../templates/web/icon.svg")),
    ("keys.js", include_str!("../templates/web/keys.js")),
    ("layout.hbs", include_str!("../templates/web/layout.hbs")),
    ("live.js", include_str!("../templates/web/live.js")),
    ("status.hbs", include_str!("../templates/web/status.hbs")),
    ("style.css", include_str!("../templates/web/style.css")),
    ("tail.hbs", include_str!("../templates/web/tail.hbs")),
];

/// A file of the web interface.
pub fn web(name: &str) -> &'static str {
    WEB.iter().find(|(key, _)| *key == name).map_or("", |(_, text)| text)
}
