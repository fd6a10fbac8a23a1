"""A first Plone site, unless it exists: `make create-site` lets an instance run this.

More sites can be made in the browser, at /@@plone-addsite of Zope.
"""

from Products.CMFPlone.factory import addPloneSite

import transaction

SITE, TITLE, LANGUAGE = "Plone", "Welcome to Plone", "en"
# Pages made by Plone itself; `default` is for Volto, a frontend that is deployed apart.
DISTRIBUTION = "classic"

# The name `app` is bound by the instance, which also has given all rights to this script.
if SITE in app.objectIds():  # noqa: F821
    print(f"/{SITE} exists")
else:
    addPloneSite(  # noqa: F821
        app,  # noqa: F821
        SITE,
        title=TITLE,
        default_language=LANGUAGE,
        distribution_name=DISTRIBUTION,
    )
    transaction.commit()
    print(f"/{SITE} was created")
